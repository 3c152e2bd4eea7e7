-- expect: budget
do ::a:: end ::b:: do local x = 1 goto b end
