"""The networks that read one input, a file for each kind of signal; all of them end in features.

image     mlp, cnn, vgg, resnet, hybrid, vit, row_lstm                          sized to the image
tokens    text_bag, text_ngrams, text_cnn, text_lstm, text_transformer
vector    linear, mlp, tabular, real_mlp, tabm, ft_transformer                  sized to the rows
series    series_cnn, series_lstm, series_transformer                           long ones are shortened first
wave      mel_statistics, spectrogram_cnn, spectrogram_conv, spectrogram_lstm, series_cnn   frames of 25 ms
"""
