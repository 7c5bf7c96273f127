"""How few people are too few to be told apart by those who may not see people. Pure."""

SMALLEST_GROUP = 5
