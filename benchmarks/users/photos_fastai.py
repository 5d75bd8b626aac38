import csv

from fastai.vision.all import *

dls = ImageDataLoaders.from_folder("photos", valid_pct=0.2, seed=0, item_tfms=Resize(32), batch_tfms=aug_transforms())
learn = vision_learner(dls, resnet18, metrics=accuracy, pretrained=False)
learn.fit_one_cycle(5)
files = get_image_files("new")
preds, _ = learn.get_preds(dl=dls.test_dl(files))
with open("answers.csv", "w", newline="") as out:
    writer = csv.writer(out)
    writer.writerow(["file", "label"])
    writer.writerows([file.name, dls.vocab[int(k)]] for file, k in zip(files, preds.argmax(1), strict=True))
