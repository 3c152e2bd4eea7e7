#include "app/cli_operate.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace tide {
namespace {

// "key=value" pairs of an order, from options that were given.
struct ManualOrder {
    std::string symbol, underlying, expiry, strike, right, lots, limit;
    std::vector<std::pair<const char*, std::string>> words;  // of levels and terms: key, as it was given
    bool confirm = false, cover = false, after_market = false;
};

void add_pair(std::string& argument, const char* key, const std::string& value) {
    if (value.empty()) return;
    if (!argument.empty()) argument += ';';
    argument += fmt::format("{}={}", key, value);
}

// ';' and '=' divide the argument; no symbol, number or date has them.
std::string word_check(const std::string& text) {
    return text.find_first_of(";=") == std::string::npos ? "" : "'" + text + "' holds ';' or '='";
}

struct ReloadWords {
    std::string script;
    bool now = false, rollback = false, cold = false;
};

class OperateCli {
  public:
    OperateCli(CLI::App& app, OperateOptions& options, Command& chosen)
        : app_(app), options_(options), chosen_(chosen) {}

    CLI::App* add(CLI::App& parent, const char* name, const char* help, const char* example) {
        auto* command = parent.add_subcommand(name, help);
        command->add_option("--home", options_.home, "folder of the engine")->type_name("DIR");
        command->add_flag("--json", options_.json, "print one JSON document");
        command->footer(fmt::format("Example: engine {}", example));
        return command;
    }
    CLI::App* add_reason(CLI::App* command) {
        command->add_option("--reason", options_.reason, "for the audit");
        return command;
    }
    void on(CLI::App* command, CommandKind kind, std::string argument = "") {
        command->callback([this, kind, argument] {
            if (!argument.empty()) options_.argument = argument;
            chosen_ = [this, kind] { return operate_command(kind, options_); };
        });
    }

    void add_reads() {
        const auto read = [&](const char* name, const char* help, Result<ExitCode> (*command)(const OperateOptions&)) {
            add(app_, name, help, fmt::format("{} --json", name).c_str())->callback([this, command] {
                chosen_ = [this, command] { return command(options_); };
            });
        };
        read("status", "what the running engine does, or how the last session ended", status_command);
        read("balance", "cash, equity, margin in use, the day's result", balance_command);
        read("risk", "limits and how much of them is used", risk_command);
    }

    void add_session_commands() {
        on(add_reason(add(app_, "pause", "no new entries; open positions are looked after", "pause --reason \"news\"")),
           CommandKind::pause);
        auto* stop =
            add_reason(add(app_, "stop", "close positions by the rules, save, end", "stop --reason \"end of day\""));
        auto* now = stop->add_flag("--immediate", stop_now_, "cancel every order and close every position at once");
        stop->add_flag("--no-exit", stop_open_, "cancel orders, leave positions open")->excludes(now);
        stop->callback([this] {
            const CommandKind kind = stop_now_    ? CommandKind::stop_immediate
                                     : stop_open_ ? CommandKind::stop_no_exit
                                                  : CommandKind::stop;
            chosen_ = [this, kind] { return operate_command(kind, options_); };
        });
        auto* kill =
            add_reason(add(app_, "kill-switch", "stop everything: cancel orders, close positions, halt until resumed",
                           "kill-switch --confirm --reason \"wrong contract\""));
        kill->alias("kill");
        kill->add_flag("--confirm", options_.confirm, "yes, really");
        kill->callback([this] { chosen_ = [this] { return kill_switch_command(options_); }; });
        auto* mode = add(app_, "mode", "mode normal: full size again after a kill switch", "mode normal");
        mode->add_option("mode", mode_, "normal")->required()->check(CLI::IsMember({"normal"}));
        mode->callback([this] { chosen_ = [this] { return mode_normal_command(options_.home); }; });
        add_reload();
    }

    void add_reload() {
        auto* reload = add_reason(add(app_, "reload", "take changed scripts up in the running session",
                                      "reload adx_trend --now --confirm --reason \"stop too tight\""));
        reload->add_option("script", reload_.script, "one strategy; all without it")->check(word_check, "");
        reload->add_flag("--now", reload_.now, "at once in market hours too, not at the close");
        reload->add_flag("--confirm", options_.confirm, "needed with --now in market hours");
        reload->add_flag("--rollback", reload_.rollback, "back to the version before");
        reload->add_flag("--cold", reload_.cold, "without the state of the version that runs (its on_save fails, say)");
        reload->callback([this] {
            options_.argument.clear();
            add_pair(options_.argument, "script", reload_.script);
            for (const auto& [key, said] : {std::pair("now", reload_.now),
                                            {"confirm", options_.confirm},
                                            {"rollback", reload_.rollback},
                                            {"cold", reload_.cold}}) {
                if (said) add_pair(options_.argument, key, "yes");
            }
            chosen_ = [this] { return operate_command(CommandKind::reload, options_); };
        });
    }

    void add_reconcile() {
        auto* compare = add_reason(
            add(app_, "reconcile", "compare the broker's books with the running session's", "reconcile --json"));
        compare->callback([this] { chosen_ = [this] { return reconcile_command(options_); }; });
    }

    void add_set() {
        auto* set = add_reason(
            add(app_, "set", "change a limit of the running session (engine risk lists them), or script.NAME.PARAM",
                "set risk.max_positions 2"));
        set->add_option("key", key_, "a setting, or position-size, daily-loss-limit, max-positions")
            ->required()
            ->check(word_check, "");
        set->add_option("value", value_, "its new value")->required()->check(word_check, "");
        set->add_flag("--confirm", options_.confirm, "needed where the change loosens a limit");
        set->callback([this] {
            static constexpr std::pair<std::string_view, std::string_view> kShort[] = {
                {"position-size", "risk.position_size_pct"},
                {"daily-loss-limit", "risk.day_loss_pct"},
                {"max-positions", "risk.max_positions"}};
            for (const auto& [name, key] : kShort) {
                if (key_ == name) key_ = key;
            }
            options_.argument = fmt::format("{}={}{}", key_, value_, options_.confirm ? ";confirm=yes" : "");
            chosen_ = [this] { return operate_command(CommandKind::set, options_); };
        });
    }

    void add_manual() {
        auto* manual = app_.add_subcommand("manual-mode", "scripts open nothing, the operator may; exits go on");
        manual->require_subcommand(1);
        on(add_reason(add(*manual, "enable", "scripts' entries are refused", "manual-mode enable --reason \"event\"")),
           CommandKind::manual_mode, "on");
        on(add_reason(add(*manual, "disable", "scripts may enter again", "manual-mode disable")),
           CommandKind::manual_mode, "off");
        auto* order = app_.add_subcommand("order", "orders by hand, through the same risk gate");
        order->require_subcommand(1);
        add_order_side(*order, "buy");
        add_order_side(*order, "sell");
        const auto by_id = [&](const char* name, const char* help, const char* what, const char* example,
                               CommandKind kind) {
            auto* command = add_reason(add(*order, name, help, example));
            command->add_option(what, options_.argument, "its number")->required()->check(word_check, "");
            on(command, kind);
            return command;
        };
        by_id("cancel", "cancel an order", "order", "order cancel 12", CommandKind::cancel_order);
        auto* entry = add_reason(
            add(*order, "cancel-entry", "end an entry that the engine holds (engine orders)", "order cancel-entry 12"));
        entry->add_option("entry", options_.argument, "its number")->required()->check(word_check, "");
        entry->callback([this] {
            options_.argument = "entry=" + options_.argument;
            chosen_ = [this] { return operate_command(CommandKind::cancel_order, options_); };
        });
        auto* resolve =
            by_id("resolve", "an order of unknown outcome is not at the broker: its terminal was looked at", "order",
                  "order resolve 12 --confirm --reason \"not in the order book\"", CommandKind::resolve_order);
        resolve->add_flag("--confirm", options_.confirm, "yes, I have looked");
        by_id("exit", "close a position, or all", "position", "order exit 3 --reason \"news\"",
              CommandKind::exit_position);
    }

    // Levels, and what lets the engine hold the entry: the words of ctx:enter.
    void add_order_words(CLI::App& command) {
        static constexpr struct {
            const char *option, *key, *help;
        } kWords[] = {
            {"--stop-pct", "stop_pct", "stop, percent of the underlying's price"},
            {"--target-pct", "target_pct", "target, percent of the underlying's price"},
            {"--premium-stop", "premium_stop", "stop on the contract's own price, rupees"},
            {"--premium-target", "premium_target", "target on the contract's own price, rupees"},
            {"--premium-stop-pct", "premium_stop_pct", "the same, percent of the first fill"},
            {"--premium-target-pct", "premium_target_pct", "the same, percent of the first fill"},
            {"--trail-stop-pct", "trail_stop_pct", "a stop that follows the underlying's best price, percent behind"},
            {"--trigger", "trigger", "stop order: held until the price passes this level; with --limit a stop-limit"},
            {"--trail", "trail", "the trigger follows the best price, rupees behind"},
            {"--trail-pct", "trail_pct", "the same, percent behind"},
            {"--trigger-on", "trigger_on", "whose price triggers: instrument (the default) or underlying"},
            {"--good-till", "good_till", "day, a time (14:15) or a date (2026-11-24): until then it may rest"},
            {"--display-lots", "display_lots", "iceberg: show at most so many lots at once"},
            {"--algo", "algo", "twap or vwap: in slices over time"},
            {"--over-min", "over_min", "how many minutes the slices take"},
            {"--slices", "slices", "how many slices"},
            {"--oco", "oco", "orders with this name: the first fill cancels the others"},
        };
        for (const auto& word : kWords) {
            command
                .add_option_function<std::string>(
                    word.option,
                    [this, key = word.key](const std::string& value) { manual_.words.emplace_back(key, value); },
                    word.help)
                ->check(word_check, "");
        }
        command.add_flag("--cover", manual_.cover, "refuse it unless it has a stop");
        command.add_flag("--after-market", manual_.after_market, "at any time: it waits for the entry window");
    }

    void add_order_side(CLI::App& order, const char* side) {
        auto* command =
            add_reason(add(order, side, "open a position by hand (in manual mode)",
                           fmt::format("order {} --underlying NIFTY --strike 24500 --right CE --lots 1 --limit 150.50 "
                                       "--confirm",
                                       side)
                               .c_str()));
        command->add_option("symbol", manual_.symbol, "the engine's symbol of the contract")->check(word_check, "");
        command->add_option("--underlying", manual_.underlying, "instead of a symbol: of the option")
            ->check(word_check, "");
        command->add_option("--strike", manual_.strike, "of the option")->check(word_check, "");
        command->add_option("--right", manual_.right, "CE or PE")->check(CLI::IsMember({"CE", "PE"}));
        command->add_option("--expiry", manual_.expiry, "of the option; the nearest that may be entered without it")
            ->check(word_check, "");
        command->add_option("--lots,--qty", manual_.lots, "whole lots")->required()->check(word_check, "");
        command->add_option("--limit,--price", manual_.limit, "limit price; without it near the touch, re-priced")
            ->check(word_check, "");
        add_order_words(*command);
        command->add_flag("--confirm", manual_.confirm, "yes, send it")->required();
        command->callback([this, side] {
            options_.argument.clear();
            add_pair(options_.argument, "side", side);
            add_pair(options_.argument, "symbol", manual_.symbol);
            add_pair(options_.argument, "underlying", manual_.underlying);
            add_pair(options_.argument, "strike", manual_.strike);
            add_pair(options_.argument, "right", manual_.right);
            add_pair(options_.argument, "expiry", manual_.expiry);
            add_pair(options_.argument, "lots", manual_.lots);
            add_pair(options_.argument, "limit", manual_.limit);
            for (const auto& [key, value] : manual_.words) add_pair(options_.argument, key, value);
            if (manual_.cover) add_pair(options_.argument, "cover", "yes");
            if (manual_.after_market) add_pair(options_.argument, "after_market", "yes");
            add_pair(options_.argument, "confirm", "yes");
            chosen_ = [this] { return operate_command(CommandKind::manual_order, options_); };
        });
    }

  private:
    CLI::App& app_;
    OperateOptions& options_;
    Command& chosen_;
    ManualOrder manual_;
    ReloadWords reload_;
    std::string key_, value_, mode_;
    bool stop_now_ = false;
    bool stop_open_ = false;
};

}  // namespace

void add_operate_commands(CLI::App& app, OperateOptions& operate, ResumeOptions& resume, HealthOptions& health,
                          Command& chosen) {
    // Lives as long as the callbacks that the parser keeps.
    auto cli = std::make_shared<OperateCli>(app, operate, chosen);
    cli->add_reads();
    cli->add_session_commands();
    cli->add_reconcile();
    cli->add_set();
    cli->add_manual();
    app.final_callback([cli] {});
    auto* again = app.add_subcommand("resume", "end a pause, or clear a latched kill switch after a health check");
    again->add_option("--home", resume.home, "folder of the session")->type_name("DIR");
    again->add_option("--config", resume.config_file, "configuration file that sessions will use")->type_name("FILE");
    again->add_flag("--confirm-safe", resume.confirm_safe, "needed: the cause is found and mended");
    again->add_option("--reason", resume.reason, "needed: what was found and mended, for the audit");
    again->footer("Example: engine resume --confirm-safe --reason \"feed fixed, positions reconciled\"");
    again->callback([&resume, &chosen] { chosen = [&resume] { return resume_command(resume); }; });
    auto* check = app.add_subcommand("health-check", "whether a session may start: disk, clock, store, scripts, …");
    check->add_option("--home", health.home, "folder of the engine")->type_name("DIR");
    check->add_option("--config", health.config_file, "configuration file")->type_name("FILE");
    auto* full = check->add_flag("--full", health.full, "also the audit chain, the last journal and every strategy");
    check
        ->add_flag_callback(
            "--quick", [] {}, "home, disk, clock, configuration, calendar and store only (the default)")
        ->excludes(full);
    check->add_flag("--json", health.json, "print one JSON document");
    check->footer("Example: engine health-check --full");
    check->callback([&health, &chosen] { chosen = [&health] { return health_check_command(health); }; });
}

}  // namespace tide
