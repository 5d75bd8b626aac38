yolo detect train data=cells/data.yaml model=yolo11n.yaml epochs=3 imgsz=320 project=$PWD name=run
yolo detect predict model=run/weights/best.pt source=new imgsz=320 conf=0.001 save=False save_txt=True save_conf=True project=$PWD name=answers
