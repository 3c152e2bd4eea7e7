#include <fmt/format.h>

#include "app/commands.hpp"
#include "bindings/api_documents.hpp"
#include "bindings/api_registry.hpp"

namespace tide {

Result<ExitCode> api_command(const ApiOptions& options) {
    if (options.markdown) {
        fmt::print("{}", api_reference_markdown());
    } else if (options.annotations) {
        fmt::print("{}", api_annotations());
    } else if (options.name.empty()) {
        for (const ApiName& entry : api_registry()) fmt::print("{:<28} {}\n", entry.full_name(), entry.help);
    } else if (find_api_name(options.name) == nullptr && find_api_owner(options.name) == nullptr) {
        std::string text = api_help(options.name);
        text.pop_back();
        return make_error(ErrorCode::not_found, std::move(text));
    } else {
        fmt::print("{}", api_help(options.name));
    }
    return ExitCode::done;
}

}  // namespace tide
