-- expect: error
io.open("/etc/passwd")
