weftnet fit table.csv --target price --epochs 10 --out run
weftnet predict run new.csv --out answers.csv
