#include "session/runtime_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tide {
namespace {

constexpr bool kHigherIsTighter = false;
constexpr RuntimeSetting kTable[] = {
    {"risk.max_positions"},
    {"risk.max_per_underlying"},
    {"risk.position_size_pct"},
    {"risk.trade_loss_pct"},
    {"risk.day_loss_pct"},
    {"risk.day_loss_warn_pct"},
    {"risk.drawdown_pct"},
    {"risk.losing_streak"},
    {"risk.equity_floor_pct", kHigherIsTighter},
    {"risk.margin_entry_pct"},
    {"risk.margin_close_pct"},
    {"risk.margin_kill_pct"},
    {"risk.underlying_exposure_pct"},
    {"risk.max_delta_pct"},
    {"risk.max_vega_pct"},
    {"risk.max_gamma_pct"},
    {"risk.max_theta_pct"},
    {"risk.same_direction_pct"},
    {"risk.same_sector_pct"},
    {"risk.min_open_interest", kHigherIsTighter},
    {"risk.disaster_underlying_pct"},
    {"risk.disaster_premium_pct"},
    {"risk.stale_quote_s"},
    {"risk.stale_quote_in_position_s"},
    {"risk.limited_size_pct"},
    {"session.entry_from", kHigherIsTighter},
    {"session.entry_until"},
    {"breakers.vix_high"},
    {"breakers.vix_extreme"},
    {"breakers.vix_spike"},
    {"breakers.vix_kill"},
    {"breakers.underlying_move_pct"},
    {"breakers.volume_spike_pct"},
    {"breakers.resume_size_pct"},
    {"orders.max_lots"},
    {"orders.max_value"},
    {"orders.review_lots"},
    {"orders.limit_from_last_pct"},
    {"orders.unfilled_after_s"},
    {"orders.messages_per_second"},
    {"orders.max_in_flight"},
};

constexpr std::string_view kStrategyPrefix = "strategy.";
constexpr RuntimeSetting kOfStrategy{"strategy.NAME"};
constexpr RuntimeSetting kOfStrategyRising{"strategy.NAME", kHigherIsTighter};

// What a strategy has that has no limit of its own.
double without_own(const SessionConfig& config, std::string_view key) {
    if (key.ends_with(".max_per_underlying")) return static_cast<double>(config.risk.max_per_underlying);
    if (key.ends_with(".exit_before_expiry_days")) return static_cast<double>(config.risk.exit_before_expiry_days);
    return std::numeric_limits<double>::infinity();
}

// As a number that can be compared: percent, counts, rupees, seconds since midnight; `otherwise` where it is not set.
double number_of(const Setting::Target& target, double otherwise) {
    return std::visit(
        [otherwise](const auto* value) -> double {
            using T = std::remove_cvref_t<decltype(*value)>;
            if constexpr (std::is_same_v<T, Money>) {
                return value->to_double();
            } else if constexpr (std::is_same_v<T, TimeOfDay>) {
                return static_cast<double>(value->count());
            } else if constexpr (std::is_same_v<T, std::string>) {
                return 0;
            } else if constexpr (requires { value->has_value(); }) {
                return *value ? static_cast<double>(**value) : otherwise;
            } else {
                return static_cast<double>(*value);
            }
        },
        target);
}

}  // namespace

std::span<const RuntimeSetting> runtime_settings() { return kTable; }

const RuntimeSetting* find_runtime_setting(std::string_view key) {
    if (key.starts_with(kStrategyPrefix)) {
        const auto& keys = StrategyLimits::keys();
        const std::string_view last = key.substr(key.rfind('.') + 1);
        if (std::find(keys.begin(), keys.end(), last) == keys.end()) return nullptr;
        return last == "exit_before_expiry_days" ? &kOfStrategyRising : &kOfStrategy;
    }
    const auto* found =
        std::find_if(std::begin(kTable), std::end(kTable), [&](const RuntimeSetting& s) { return s.key == key; });
    return found == std::end(kTable) ? nullptr : found;
}

Result<std::string> change_runtime_setting(SessionConfig& config, std::string_view key, std::string_view value,
                                           bool confirmed) {
    SettingsRegistry registry;
    config.register_settings(registry);
    const RuntimeSetting* allowed = find_runtime_setting(key);
    if (allowed != nullptr && !registry.value_of(key)) {
        // The first limit of a strategy's own.
        if (auto made = registry.set(key, "none"); !made) return make_error(ErrorCode::usage, made.error().message);
    }
    const auto old = registry.value_of(key);
    if (!old || allowed == nullptr) {
        std::vector<std::string> keys;
        for (const auto& setting : kTable) keys.emplace_back(setting.key);
        const std::string near = nearest_word(key, keys);
        return make_error(
            ErrorCode::not_found,
            fmt::format("'{}' {}{}", key,
                        old ? "cannot change while a session runs; set it in the configuration" : "is no setting",
                        near.empty() || old ? "" : "; did you mean '" + near + "'?"));
    }
    const auto& settings = registry.settings();
    const auto setting = std::find_if(settings.begin(), settings.end(), [&](const auto& s) { return s.key == key; });
    const double before = number_of(setting->target, without_own(config, key));
    if (auto done = registry.set(key, value); !done) return make_error(ErrorCode::usage, done.error().message);
    const double after = number_of(setting->target, without_own(config, key));
    const bool looser = allowed->lower_is_tighter ? after > before : after < before;
    if (looser && !confirmed) {
        const auto undone = registry.set(key, *old);
        TIDE_ASSERT(undone);
        return make_error(ErrorCode::halted,
                          fmt::format("{} {} -> {} loosens a limit: say --confirm if that is meant", key, *old, value));
    }
    return fmt::format("{}: {} -> {}, {}", key, *old, *registry.value_of(key),
                       looser            ? "looser"
                       : after == before ? "unchanged"
                                         : "tighter");
}

}  // namespace tide
