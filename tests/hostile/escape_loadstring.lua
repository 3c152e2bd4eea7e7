-- expect: error
loadstring("return 1")()
