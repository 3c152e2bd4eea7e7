#include "bindings/repl_value.hpp"

namespace tide {

ReplValue ReplValue::of(double number) {
    ReplValue value;
    value.kind = Kind::number;
    value.number = number;
    return value;
}
ReplValue ReplValue::of(std::string text) {
    ReplValue value;
    value.kind = Kind::text;
    value.text = std::move(text);
    return value;
}
ReplValue ReplValue::of(bool flag) {
    ReplValue value;
    value.kind = Kind::boolean;
    value.flag = flag;
    return value;
}

const ReplValue* ReplValue::find(const std::string& name) const {
    for (size_t i = 0; names && i < names->size(); ++i) {
        if ((*names)[i] == name) return items[i].is(Kind::nil) ? nullptr : &items[i];
    }
    return nullptr;
}

}  // namespace tide
