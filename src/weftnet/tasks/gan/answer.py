"""Why a GAN gives no answers."""

not_applicable = "because a GAN is asked nothing: it draws examples from noise (weftnet sample)"
