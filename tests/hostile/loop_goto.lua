-- expect: budget
::top:: goto top
