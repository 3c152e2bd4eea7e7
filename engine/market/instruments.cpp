#include "market/instruments.hpp"

#include <algorithm>
#include <cctype>

namespace tide {

void InstrumentBook::add(const Instrument& instrument) {
    TIDE_ASSERT(instrument.id.valid());
    const size_t index = instrument.id.value() - 1;
    TIDE_ASSERT(index <= by_id_.size());
    if (index == by_id_.size()) {
        by_id_.push_back(instrument);
    } else {
        by_symbol_.erase(by_id_[index].symbol);
        by_id_[index] = instrument;
    }
    by_symbol_[instrument.symbol] = instrument.id;
}

const Instrument* InstrumentBook::find(std::string_view symbol) const {
    const auto it = by_symbol_.find(std::string(symbol));
    return it == by_symbol_.end() ? nullptr : find(it->second);
}

std::vector<Date> InstrumentBook::option_expiries(InstrumentId underlying, Date from) const {
    std::vector<Date> dates;
    for (const auto& instrument : by_id_) {
        if (instrument.is_option() && instrument.underlying == underlying && *instrument.expiry >= from) {
            dates.push_back(*instrument.expiry);
        }
    }
    std::sort(dates.begin(), dates.end());
    dates.erase(std::unique(dates.begin(), dates.end()), dates.end());
    return dates;
}

std::vector<const Instrument*> InstrumentBook::options(InstrumentId underlying, Date expiry) const {
    std::vector<const Instrument*> found;
    for (const auto& instrument : by_id_) {
        if (instrument.is_option() && instrument.underlying == underlying && *instrument.expiry == expiry) {
            found.push_back(&instrument);
        }
    }
    std::sort(found.begin(), found.end(), [](const Instrument* a, const Instrument* b) {
        return a->strike != b->strike ? a->strike < b->strike : a->right < b->right;
    });
    return found;
}

std::string canonical_symbol(std::string_view symbol) {
    std::string out;
    for (const char c : symbol) out.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    const auto first = out.find_first_not_of(" \t\r\"");
    if (first == std::string::npos) return {};
    out = out.substr(first, out.find_last_not_of(" \t\r\"") - first + 1);
    if (out == "INDIA VIX" || out == "INDIA_VIX" || out == "VIX") return "INDIAVIX";
    if (out == "NIFTY 50") return "NIFTY";
    if (out == "NIFTY BANK") return "BANKNIFTY";
    return out;
}

std::string option_symbol(std::string_view underlying, Date expiry, Price strike, OptionRight right) {
    std::string strike_text = to_string(strike);
    if (strike_text.ends_with(".00")) strike_text.resize(strike_text.size() - 3);
    return std::string(underlying) + " " + format_date(expiry) + " " + strike_text + " " + std::string(name_of(right));
}

}  // namespace tide
