#include "bindings/intent_arguments.hpp"

#include <fmt/format.h>

#include <cmath>

#include "bindings/api_limits.hpp"

namespace tide {
namespace {

using Kind = ScriptValue::Kind;
constexpr double kIdMax = 9007199254740992.0;  // 2^53: beyond it a Lua number skips integers
constexpr size_t kTagBytesMax = 64;
constexpr size_t kWhyBytesMax = 512;

std::string show(const ScriptValue& value) {
    switch (value.kind) {
        case Kind::nil:
            return "nil";
        case Kind::number:
            return fmt::format("{}", value.number);
        case Kind::text:
            return fmt::format("'{}'", clean_text(value.text, 60));
        case Kind::boolean:
            return value.number != 0 ? "true" : "false";
        case Kind::other:
            break;
    }
    return fmt::format("a {}", value.type_name);
}

// Collects fields; the first that is wrong is what the script is told.
class FieldReader {
  public:
    bool failed() const { return !problem_.empty(); }
    std::string problem() const { return problem_; }
    void refuse(std::string text) {
        if (problem_.empty()) problem_ = std::move(text);
    }

    double number(const char* field, const ScriptValue& value, double min, double max, std::string_view what) {
        if (value.kind == Kind::number && value.number >= min && value.number <= max) return value.number;
        refuse(fmt::format("{} must be {}, got {}", field, what, show(value)));
        return min;
    }
    int64_t whole(const char* field, const ScriptValue& value, double min, double max) {
        const std::string what = fmt::format("a whole number from {} to {}", min, max);
        const double read = number(field, value, min, max, what);
        if (read != std::floor(read)) refuse(fmt::format("{} must be {}, got {}", field, what, show(value)));
        return failed() ? 0 : static_cast<int64_t>(read);
    }
    std::optional<Price> price(const char* field, const ScriptValue& value) {
        if (!value.given()) return std::nullopt;
        const double read = number(field, value, kApiPriceMin, kApiPriceMax, "a price above 0 in rupees");
        return failed() ? std::nullopt : std::optional(Price::from_double(read));
    }
    std::optional<double> percent(const char* field, const ScriptValue& value) {
        if (!value.given()) return std::nullopt;
        return number(field, value, kApiPercentMin, kApiPercentMax, "a percentage from 0.01 to 100");
    }
    bool flag(const char* field, const ScriptValue& value) {
        if (!value.given()) return false;
        if (value.kind != Kind::boolean) refuse(fmt::format("{} must be true or false, got {}", field, show(value)));
        return value.number != 0;
    }
    std::string text(const char* field, const ScriptValue& value, size_t bytes_max) {
        if (!value.given()) return {};
        if (value.kind != Kind::text) refuse(fmt::format("{} must be a text, got {}", field, show(value)));
        return clean_text(value.text, bytes_max);
    }
    uint64_t id(const char* field, const ScriptValue& value, std::string_view what) {
        const double read = number(field, value, 1, kIdMax, what);
        if (read != std::floor(read)) refuse(fmt::format("{} must be {}, got {}", field, what, show(value)));
        return static_cast<uint64_t>(read);
    }

  private:
    std::string problem_;
};

// A stop and a target on the underlying may be given as a level or in percent, not both.
void read_protection(FieldReader& fields, const EnterArguments& arguments, Intent& intent) {
    intent.stop = fields.price("stop", arguments.stop);
    intent.target = fields.price("target", arguments.target);
    intent.stop_pct = fields.percent("stop_pct", arguments.stop_pct);
    intent.target_pct = fields.percent("target_pct", arguments.target_pct);
    if (intent.stop && intent.stop_pct) fields.refuse("stop and stop_pct: give one of the two");
    if (intent.target && intent.target_pct) fields.refuse("target and target_pct: give one of the two");
}

void read_premium(FieldReader& fields, const EnterArguments& arguments, Intent& intent) {
    PremiumLevels& premium = intent.premium;
    premium.stop = fields.price("premium_stop", arguments.premium_stop);
    premium.target = fields.price("premium_target", arguments.premium_target);
    premium.stop_pct = fields.percent("premium_stop_pct", arguments.premium_stop_pct);
    if (arguments.premium_target_pct.given())
        premium.target_pct = fields.number("premium_target_pct", arguments.premium_target_pct, kApiPercentMin,
                                           kApiPremiumTargetMax, "a percentage from 0.01 to 1000");
    intent.trail_stop_pct = fields.percent("trail_stop_pct", arguments.trail_stop_pct);
    intent.cover = fields.flag("cover", arguments.cover);
    if (premium.stop && premium.stop_pct) fields.refuse("premium_stop and premium_stop_pct: give one of the two");
    if (premium.target && premium.target_pct)
        fields.refuse("premium_target and premium_target_pct: give one of the two");
}

// What lets the engine hold the entry.
void read_terms(FieldReader& fields, const EnterArguments& arguments, Intent& intent) {
    EntryTerms& terms = intent.terms;
    terms.trigger = fields.price("trigger", arguments.trigger);
    terms.trail = fields.price("trail", arguments.trail);
    terms.trail_pct = fields.percent("trail_pct", arguments.trail_pct);
    const std::string on = fields.text("trigger_on", arguments.trigger_on, 16);
    if (on == "underlying") terms.trigger_on = TriggerOn::underlying;
    if (!on.empty() && on != "underlying" && on != "instrument")
        fields.refuse(
            fmt::format("trigger_on must be \"instrument\" or \"underlying\", got {}", show(arguments.trigger_on)));
    const std::string till = fields.text("good_till", arguments.good_till, 16);
    if (arguments.good_till.given() && !read_good_till(till, terms))
        fields.refuse(
            fmt::format("good_till must be \"day\", a time such as \"14:15\" or a date such as "
                        "\"2026-11-24\", got {}",
                        show(arguments.good_till)));
    terms.after_market = fields.flag("after_market", arguments.after_market);
    if (arguments.display_lots.given())
        terms.display_lots = fields.whole("display_lots", arguments.display_lots, 1, kApiLotsMax);
    const std::string algo = fields.text("algo", arguments.algo, 8);
    if (algo == "twap") terms.algo = SliceAlgo::twap;
    if (algo == "vwap") terms.algo = SliceAlgo::vwap;
    if (arguments.algo.given() && terms.algo == SliceAlgo::none)
        fields.refuse(fmt::format("algo must be \"twap\" or \"vwap\", got {}", show(arguments.algo)));
    if (arguments.over_min.given())
        terms.over_min =
            fields.number("over_min", arguments.over_min, 0.1, kApiOverMinutesMax, "minutes from 0.1 to 400");
    if (arguments.slices.given()) terms.slices = fields.whole("slices", arguments.slices, 2, kApiSlicesMax);
    terms.oco = fields.text("oco", arguments.oco, kTagBytesMax);
}

InstrumentId read_instrument(FieldReader& fields, std::string_view field, const ScriptValue& symbol,
                             const StrategyServices& services) {
    if (symbol.kind != Kind::text) {
        fields.refuse(fmt::format("{} must name what to trade, got {}", field, show(symbol)));
        return {};
    }
    const InstrumentId id = services.find_instrument(symbol.text);
    if (!id.valid()) fields.refuse(fmt::format("symbol {} is not known", show(symbol)));
    return id;
}

// `otherwise` where none is given; none: it must be given.
Side read_side(FieldReader& fields, const char* field, const ScriptValue& value, std::optional<Side> otherwise) {
    if (!value.given() && otherwise) return *otherwise;
    const std::string side = value.given() ? fields.text(field, value, 8) : "";
    if (side != "buy" && side != "sell")
        fields.refuse(fmt::format("{} must be \"buy\" or \"sell\", got {}", field, show(value)));
    return side == "sell" ? Side::sell : Side::buy;
}

constexpr std::string_view kPositionWanted = "a position or its id";

ExitReason read_reason(FieldReader& fields, const ScriptValue& rule, const ScriptValue& text, const ScriptValue& values,
                       std::string_view default_rule) {
    ExitReason reason;
    reason.rule = fields.text("rule", rule, kTagBytesMax);
    if (reason.rule.empty()) reason.rule = default_rule;
    reason.text = fields.text("why", text, kWhyBytesMax);
    reason.values = fields.text("values", values, kWhyBytesMax);
    return reason;
}

}  // namespace

std::string clean_text(std::string_view text, size_t bytes_max) {
    std::string clean;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            clean += c == '\n' ? "\\n" : c == '\t' ? " " : fmt::format("\\x{:02x}", byte);
        } else {
            clean += c;
        }
        if (clean.size() >= bytes_max) {
            clean.resize(bytes_max);
            break;
        }
    }
    return clean;
}

IntentOrText enter_intent(const EnterArguments& arguments, const StrategyServices& services) {
    FieldReader fields;
    Intent intent;
    intent.kind = IntentKind::enter;
    intent.instrument = read_instrument(fields, "leg or symbol", arguments.symbol, services);
    intent.lots = fields.whole("lots", arguments.lots, 1, kApiLotsMax);
    intent.side = read_side(fields, "side", arguments.side, Side::buy);
    intent.limit = fields.price("limit", arguments.limit);
    read_protection(fields, arguments, intent);
    read_premium(fields, arguments, intent);
    read_terms(fields, arguments, intent);
    intent.tag = fields.text("tag", arguments.tag, kTagBytesMax);
    intent.why = fields.text("why", arguments.why, kWhyBytesMax);
    if (fields.failed()) return tl::unexpected(fields.problem());
    return intent;
}

IntentOrText exit_intent(const ExitArguments& arguments) {
    FieldReader fields;
    Intent intent;
    intent.kind = IntentKind::exit;
    intent.position = PositionId(fields.id("position", arguments.position, kPositionWanted));
    if (arguments.fraction.given())
        intent.fraction =
            fields.number("fraction", arguments.fraction, kApiFractionMin, 1, "a number above 0 and at most 1");
    intent.reason = read_reason(fields, arguments.rule, arguments.text, arguments.values, "script");
    if (arguments.priority.given())
        intent.reason.priority =
            static_cast<int>(fields.whole("priority", arguments.priority, kApiPriorityMin, kApiPriorityMax));
    if (fields.failed()) return tl::unexpected(fields.problem());
    return intent;
}

IntentOrText enter_group_intent(const EnterGroupArguments& arguments, const StrategyServices& services) {
    FieldReader fields;
    Intent intent;
    intent.kind = IntentKind::enter_group;
    if (arguments.legs.size() < kGroupLegsMin || arguments.legs.size() > kGroupLegsMax)
        fields.refuse(
            fmt::format("a group has {} to {} legs, got {}", kGroupLegsMin, kGroupLegsMax, arguments.legs.size()));
    for (size_t i = 0; i < arguments.legs.size(); ++i) {
        const GroupLegArguments& given = arguments.legs[i];
        const auto named = [&](const char* field) { return fmt::format("legs[{}].{}", i + 1, field); };
        IntentLeg leg;
        leg.instrument = read_instrument(fields, named("leg or symbol"), given.symbol, services);
        leg.side = read_side(fields, named("side").c_str(), given.side, std::nullopt);
        leg.lots = fields.whole(named("lots").c_str(), given.lots, 1, kApiLotsMax);
        leg.limit = fields.price(named("limit").c_str(), given.limit);
        intent.legs.push_back(leg);
    }
    if (arguments.timeout_s.given())
        intent.timeout_s = fields.number("timeout_s", arguments.timeout_s, kApiGroupTimeoutMin_s, kApiGroupTimeoutMax_s,
                                         "a number of seconds from 1 to 3600");
    if (arguments.max_loss.given())
        intent.max_loss = Money::from_double(
            fields.number("max_loss", arguments.max_loss, 1, kApiPriceMax, "an amount of at least 1 rupee"));
    intent.tag = fields.text("tag", arguments.tag, kTagBytesMax);
    intent.why = fields.text("why", arguments.why, kWhyBytesMax);
    if (fields.failed()) return tl::unexpected(fields.problem());
    return intent;
}

IntentOrText exit_group_intent(const ExitGroupArguments& arguments) {
    FieldReader fields;
    Intent intent;
    intent.kind = IntentKind::exit_group;
    intent.group = GroupId(fields.id("group", arguments.group, "the id that ctx:enter_group gave"));
    intent.reason = read_reason(fields, arguments.rule, arguments.text, arguments.values, "script");
    if (arguments.priority.given())
        intent.reason.priority =
            static_cast<int>(fields.whole("priority", arguments.priority, kApiPriorityMin, kApiPriorityMax));
    if (fields.failed()) return tl::unexpected(fields.problem());
    return intent;
}

IntentOrText level_intent(const LevelArguments& arguments) {
    FieldReader fields;
    Intent intent;
    intent.kind = arguments.kind;
    const bool trail = arguments.kind == IntentKind::set_trail;
    const char* field = trail ? "trail" : arguments.kind == IntentKind::set_stop ? "stop" : "target";
    intent.position = PositionId(fields.id("position", arguments.position, kPositionWanted));
    if (!arguments.price.given())
        fields.refuse(fmt::format("{} must be {}, got nil", field,
                                  trail ? "a percentage from 0.01 to 100" : "a price above 0 in rupees"));
    if (trail) {
        intent.trail_stop_pct = fields.percent(field, arguments.price);
    } else {
        intent.level = fields.price(field, arguments.price).value_or(Price());
    }
    intent.reason = read_reason(fields, arguments.rule, arguments.text, arguments.values, field);
    intent.reason.priority = arguments.kind == IntentKind::set_target ? 3 : 2;
    if (fields.failed()) return tl::unexpected(fields.problem());
    return intent;
}

IntentOrText cancel_intent(const ScriptValue& order, const ScriptValue& entry) {
    FieldReader fields;
    Intent intent;
    intent.kind = IntentKind::cancel;
    if (entry.given()) {
        intent.parent = IntentId(fields.id("entry", entry, "what ctx:enter gave"));
    } else {
        intent.order = OrderId(fields.id("order", order, "an order or its id"));
    }
    if (fields.failed()) return tl::unexpected(fields.problem());
    return intent;
}

}  // namespace tide
