#include "trading/intent.hpp"

namespace tide {

std::string_view name_of(IntentKind kind) {
    switch (kind) {
        case IntentKind::enter:
            return "enter";
        case IntentKind::exit:
            return "exit";
        case IntentKind::set_stop:
            return "set_stop";
        case IntentKind::set_target:
            return "set_target";
        case IntentKind::set_trail:
            return "set_trail";
        case IntentKind::cancel:
            return "cancel";
        case IntentKind::enter_group:
            return "enter_group";
        case IntentKind::exit_group:
            break;
    }
    return "exit_group";
}

}  // namespace tide
