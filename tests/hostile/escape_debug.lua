-- expect: error
debug.getregistry()
