-- expect: ok
return tonumber("ff", 16), tonumber("zz", 36), tonumber("1e308"), tonumber("0x"), tonumber("")
