-- expect: error
loadfile("/etc/passwd")
