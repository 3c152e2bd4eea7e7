-- expect: error
ctx:bars("GOLD", "1m")
