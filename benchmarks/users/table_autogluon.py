from autogluon.tabular import TabularPredictor

predictor = TabularPredictor(label="price", path="run").fit("table.csv")
predictor.predict("new.csv").to_frame("price").to_csv("answers.csv", index=False)
