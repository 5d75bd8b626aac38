"""`weftnet fit`: one network, or a competition of several."""

import time
from pathlib import Path
from typing import Annotated

import typer

from weftnet.base.units import seconds_of
from weftnet.cli._options import (
    DataOptions,
    Device,
    Json,
    Kinds,
    Named,
    Plugin,
    Quiet,
    Target,
    Test,
    Validation,
    columns_of,
    one_of,
    parsed,
    plugins,
    start_of,
    teacher_of,
    train_on,
    values_of,
    without_none,
)
from weftnet.cli._output import Output
from weftnet.cli._workers import Address, On, Place, work_together


def fit(
    data: Annotated[
        str | None,
        typer.Argument(help="digits, which is the default, a .npz, .npy, .csv or .txt file (.xz, .gz), a folder."),
    ] = None,
    data_: Named = None,
    validation: Validation = None,
    test: Test = None,
    target: Target = None,
    arch: Annotated[
        list[str] | None, typer.Option("--arch", "-a", help="An architecture file or zoo name; several compete.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="The task; default the one that suits the data.")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", help="A further metric, or torchmetrics.CLASS; several may be given."),
    ] = None,
    score: Annotated[
        str | None, typer.Option(help="The metric that ranks and picks the best weights; default the task's.")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Training time of each network: 60s, 5m, 1h.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training data, instead of a budget.")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps, instead of a budget.")] = None,
    seeds: Annotated[int, typer.Option(help="How many times each network is trained.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="The first seed.", min=0)] = 0,
    total: Annotated[
        str | None, typer.Option(help="Time for everything, shared out by successive halving: 10m. With an ensemble.")
    ] = None,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="An ensemble of the trained networks competes with them.")
    ] = False,
    distil: Annotated[
        bool, typer.Option("--distil", help="Of an ensemble: one of its networks learns what it knows, and competes.")
    ] = False,
    folds: Annotated[
        int, typer.Option("--folds", help="Train each network once for each fold: 5. Seeds repeat it.", min=0)
    ] = 0,
    refit: Annotated[
        bool, typer.Option("--refit", help="The winner is trained anew on all rows that are not test.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(help="Trainings at once; default one for each core.", min=1)] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes that train each network together; use torchrun for several hosts."),
    ] = None,
    shard: Annotated[bool, typer.Option("--shard", help="Each worker keeps a share of the weights (FSDP2).")] = False,
    on: On = None,
    address: Address = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A field of the recipe, name=value: lr=0.01, augment=\\[flip], batch_size=128."),
    ] = None,
    plan: Annotated[
        str, typer.Option(help="How steps are executed: auto measures, eager is plain PyTorch, or {field: value}.")
    ] = "auto",
    kinds: Kinds = None,
    options: DataOptions = None,
    loss: Annotated[
        str | None,
        typer.Option(help="The loss, instead of the task's: huber, '{focal: {gamma: 1}}', '\\[dice, focal]'."),
    ] = None,
    task_settings: Annotated[
        list[str] | None,
        typer.Option("--task-set", help="A setting of the task, name=value: label_smoothing=0.1, latent=16."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(help="A run, a file or folder of published weights, or timm:NAME, torchvision:NAME, hf:ORG/NAME."),
    ] = None,
    mapped: Annotated[
        list[str] | None, typer.Option("--map", help="Of --start: here=there, where paths differ; here= stays new.")
    ] = None,
    freeze: Annotated[list[str] | None, typer.Option(help="Of --start: a path or pattern that is not trained.")] = None,
    rate: Annotated[
        list[str] | None, typer.Option(help="Of --start: path=factor of the learning rate: body=0.1.")
    ] = None,
    tune: Annotated[
        str | None, typer.Option(help="Of --start: what is trained: all, head, lora, dora, '{lora: {rank: 4}}'.")
    ] = None,
    thaw: Annotated[
        list[str] | None,
        typer.Option(help="Of --start: path=share of the steps at which it begins to learn: body=50%."),
    ] = None,
    depth_rate: Annotated[
        float | None, typer.Option(help="Of --start: factor of the learning rate a layer, from the head down: 0.8.")
    ] = None,
    l2_sp: Annotated[
        float | None, typer.Option(help="Of --start: pull towards its weights, instead of decay towards zero: 0.01.")
    ] = None,
    beside: Annotated[
        bool, typer.Option("--beside", help="Of --start: what is proposed for the data competes too, from nothing.")
    ] = False,
    few: Annotated[
        bool, typer.Option("--few", help="Of --start: solve for the last layer alone, for few examples a class.")
    ] = False,
    teacher: Annotated[
        list[str] | None, typer.Option(help="A run, or several, whose answers are learnt beside the labels: RUN[,RUN].")
    ] = None,
    teach: Annotated[
        list[str] | None, typer.Option(help="Of --teacher, name=value: share=0.9, temperature=4, hint_weight=1.")
    ] = None,
    hint: Annotated[
        list[str] | None, typer.Option(help="Of --teacher: here=there, a node whose features tell those of the other.")
    ] = None,
    delta: Annotated[
        bool, typer.Option("--delta", help="Of --start: keep only what differs from it; it is needed to answer.")
    ] = False,
    log: Annotated[
        list[str] | None, typer.Option(help="Also log to tensorboard, mlflow or wandb; several may be given.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the runs.")] = None,
    baselines: Annotated[
        bool | None,
        typer.Option(
            "--baselines/--no-baselines", help="What a network has to beat, solved in seconds; default without --arch."
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete earlier runs in that folder; others are moved aside.")
    ] = False,
    device: Device = None,
    as_json: Json = False,
    quiet: Quiet = False,
    plugin: Plugin = None,
) -> None:
    """Train one network, or let several that suit the data compete under the same budget."""
    began = time.monotonic()
    source = one_of(data, data_, "data", "digits")
    train_on(device)
    folder = out or Path("runs") / f"{Path(source).stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    if work_together(workers, folder, Place(on, address), jobs=jobs, shard=shard, out=True):
        return
    from weftnet.cli.commands.fit import fit_command
    from weftnet.compete.entering import FitOptions

    plugins(plugin)
    lengths = {"budget": seconds_of(budget), "epochs": epochs, "steps": steps}
    judging = {"metrics": metric or None, "score": score}
    fit_command(
        FitOptions(
            source,
            data={**values_of(options), **columns_of(target, kinds, validation=validation, test=test)},
            archs=arch or [],
            task=task,
            task_settings={**values_of(task_settings), **({} if loss is None else {"loss": parsed(loss, "--loss")})},
            recipe={
                **values_of([f"plan={plan}"]),
                **values_of(settings),
                **without_none({**lengths, **judging}),
                **teacher_of(teacher, teach, hint),
            },
            seeds=range(seed, seed + seeds),
            jobs=jobs,
            out=out,
            replace=replace,
            plugins=[str(path) for path in plugin or []],
            shard=shard,
            start=start_of(
                start,
                map=mapped,
                freeze=freeze,
                rate=rate,
                tune=tune and parsed(tune, "--tune"),
                thaw=thaw,
                depth_rate=depth_rate,
                l2_sp=l2_sp,
                delta=delta,
            ),
            beside=beside,
            few=few,
            ensemble=ensemble or total is not None,
            distil=distil,
            folds=folds,
            refit=refit,
            baselines=baselines,
            total=seconds_of(total, "total"),
            began=began,
            listeners=[parsed(each, "--log") for each in log or []],
        ),
        Output(as_json, quiet),
    )
