"""Variational autoencoder: an encoder guesses the hidden causes of an example, a decoder redraws it from them."""
