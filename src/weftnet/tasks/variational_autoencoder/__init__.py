"""Variational autoencoder: an encoder infers the latent causes of an example, a decoder reconstructs it from them."""
