-- expect: error
jit.off()
