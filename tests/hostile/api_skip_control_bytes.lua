-- expect: ok
ctx:skip("\27[2J\nforged")
