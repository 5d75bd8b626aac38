"""What is already learnt: published weights come in as runs, and a trained run takes new classes by their examples."""
