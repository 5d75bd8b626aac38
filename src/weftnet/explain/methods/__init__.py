"""The methods: one per file, a function `NAME(question, …settings) → Found` over Captum."""
