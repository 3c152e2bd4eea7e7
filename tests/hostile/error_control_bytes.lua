-- expect: error
error("\27[2J\0\r\nforged log line\7")
