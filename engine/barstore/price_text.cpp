#include "barstore/price_text.hpp"

#include <fmt/format.h>

namespace tide {

std::string shortest_text(Price price) {
    std::string text = to_string(price);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

std::string ist_text(ExchangeTime time) {
    std::string text = format_iso(time);
    text.resize(text.size() - std::string_view("+05:30").size());
    return text;
}

std::string utc_text(ExchangeTime time) {
    // ist_text moved so that the digits of India are those of UTC.
    return ist_text(time - kIstOffset) + "Z";
}

}  // namespace tide
