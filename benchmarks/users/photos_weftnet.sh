weftnet fit photos --epochs 5 --out run
weftnet predict run new --out answers.csv
