weftnet fit cells -a detector --epochs 3 --out run
weftnet predict run new --ask least=0.001 --out answers.coco.json
