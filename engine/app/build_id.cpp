#include "app/build_id.hpp"

namespace tide {
const std::string& build_id() {
    static const std::string kId = "tide " TIDE_VERSION " g++ " __VERSION__ " " TIDE_BUILD_TYPE;
    return kId;
}
}  // namespace tide
