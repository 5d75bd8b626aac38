"""Mutation testing: the code is changed by one small mistake at a time, and the tests are asked whether they notice."""
