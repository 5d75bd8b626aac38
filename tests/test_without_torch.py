"""What prepares inputs and decodes answers runs without torch, so that an exported model is given both."""

import subprocess
import sys


def test_preprocessing_sources_and_answers_import_no_torch() -> None:
    script = (
        "import sys\n"
        "sys.modules['torch'] = None\n"  # importing it would now fail
        "from weftnet.tasks import ANSWERS, INFERENCES\n"
        "from weftnet.data import KINDS\n"
        "import weftnet.data.preprocessing, weftnet.data.sources.arrays, weftnet.data.sources.table\n"
        "for registry in (KINDS, ANSWERS, INFERENCES):\n"
        "    for name in registry.names():\n"
        "        registry.find(name)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)
