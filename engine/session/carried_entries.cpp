#include "session/carried_entries.hpp"

#include <fmt/format.h>

#include <charconv>

#include "trading/record_text.hpp"

namespace tide {
namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out + '"';
}

// The fields of a line; whatever does not read makes the whole line unusable.
class Fields {
  public:
    explicit Fields(const RecordText& line) : line_(line) {}
    bool sound() const { return sound_; }
    std::string text(std::string_view key) {
        const std::string* found = line_.find(key);
        return found == nullptr ? std::string() : *found;
    }
    std::optional<Price> price(std::string_view key) {
        const std::string* found = line_.find(key);
        if (found == nullptr) return std::nullopt;
        const auto read = parse_price(*found);
        sound_ = sound_ && read && read->positive();
        return read;
    }
    std::optional<double> real(std::string_view key) {
        const std::string* found = line_.find(key);
        if (found == nullptr) return std::nullopt;
        double value = 0;
        const auto [end, error] = std::from_chars(found->data(), found->data() + found->size(), value);
        sound_ = sound_ && error == std::errc() && end == found->data() + found->size() && value > 0;
        return value;
    }
    int64_t whole(std::string_view key) {
        if (line_.find(key) == nullptr) return 0;
        const auto value = line_.whole(key);
        sound_ = sound_ && value && *value > 0;
        return value.value_or(0);
    }
    void need(bool holds) { sound_ = sound_ && holds; }

  private:
    const RecordText& line_;
    bool sound_ = true;
};

}  // namespace

std::string carried_line(const ParentOrder& parent, std::string_view symbol) {
    const Intent& intent = parent.intent;
    const EntryTerms& terms = intent.terms;
    std::string out =
        fmt::format("entry instrument={} side={} lots={}", quoted(symbol), name_of(intent.side), intent.lots);
    if (terms.good_till != GoodTill::unsaid) out += fmt::format(" good_till={}", good_till_text(terms));
    const auto price = [&out](std::string_view key, const std::optional<Price>& value) {
        if (value) out += fmt::format(" {}={}", key, to_string(*value));
    };
    const auto real = [&out](std::string_view key, const std::optional<double>& value) {
        if (value) out += fmt::format(" {}={}", key, *value);
    };
    price("limit", intent.limit);
    price("stop", intent.stop);
    price("target", intent.target);
    real("stop_pct", intent.stop_pct);
    real("target_pct", intent.target_pct);
    price("premium_stop", intent.premium.stop);
    price("premium_target", intent.premium.target);
    real("premium_stop_pct", intent.premium.stop_pct);
    real("premium_target_pct", intent.premium.target_pct);
    real("trail_stop_pct", intent.trail_stop_pct);
    if (!parent.reached) {
        price("trigger", parent.trigger);
        price("trail", terms.trail);
        real("trail_pct", terms.trail_pct);
        if (terms.triggered()) out += fmt::format(" trigger_on={}", name_of(terms.trigger_on));
    }
    if (terms.display_lots > 0) out += fmt::format(" display_lots={}", terms.display_lots);
    if (terms.algo != SliceAlgo::none) {
        out += fmt::format(" algo={} over_min={} slices={}", name_of(terms.algo), terms.over_min, terms.slices);
    }
    return out + fmt::format(" oco={} tag={} why={}", quoted(terms.oco), quoted(intent.tag), quoted(intent.why));
}

Result<CarriedEntry> parse_carried_line(std::string_view line) {
    const auto parsed = parse_record_text(line);
    if (!parsed) return parsed.error();
    Fields fields(*parsed);
    CarriedEntry entry;
    entry.symbol = fields.text("instrument");
    Intent& intent = entry.intent;
    EntryTerms& terms = intent.terms;
    intent.side = fields.text("side") == "sell" ? Side::sell : Side::buy;
    intent.lots = fields.whole("lots");
    intent.limit = fields.price("limit");
    intent.stop = fields.price("stop");
    intent.target = fields.price("target");
    intent.stop_pct = fields.real("stop_pct");
    intent.target_pct = fields.real("target_pct");
    intent.premium.stop = fields.price("premium_stop");
    intent.premium.target = fields.price("premium_target");
    intent.premium.stop_pct = fields.real("premium_stop_pct");
    intent.premium.target_pct = fields.real("premium_target_pct");
    intent.trail_stop_pct = fields.real("trail_stop_pct");
    terms.trigger = fields.price("trigger");
    terms.trail = fields.price("trail");
    terms.trail_pct = fields.real("trail_pct");
    if (fields.text("trigger_on") == "underlying") terms.trigger_on = TriggerOn::underlying;
    terms.display_lots = fields.whole("display_lots");
    if (const std::string algo = fields.text("algo"); !algo.empty()) {
        terms.algo = algo == "vwap" ? SliceAlgo::vwap : SliceAlgo::twap;
        terms.over_min = fields.real("over_min").value_or(0);
        terms.slices = fields.whole("slices");
    }
    terms.oco = fields.text("oco");
    terms.after_market = true;  // it waits for the next entry window
    intent.tag = fields.text("tag");
    intent.why = fields.text("why");
    fields.need(parsed->kind == "entry" && !entry.symbol.empty() && intent.lots > 0);
    if (const std::string till = fields.text("good_till"); !till.empty()) fields.need(read_good_till(till, terms));
    if (!fields.sound()) return make_error(ErrorCode::corrupt, fmt::format("it is no entry: {}", line.substr(0, 80)));
    return entry;
}

}  // namespace tide
