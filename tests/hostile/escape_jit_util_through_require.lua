-- expect: error
require("jit.util")
