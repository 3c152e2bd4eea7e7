#include "app/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>

#include "app/cli_operate.hpp"
#include "app/commands.hpp"
#include "app/data_cli.hpp"
#include "app/watchdog.hpp"
#include "core/money.hpp"

namespace tide {
namespace {

constexpr const char* kVersion = TIDE_VERSION;

struct Options {
    RunOptions run;
    RunOptions backtest;
    bool paper = false;
    bool live = false;
    std::string from, to;
    ReplayOptions replay;
    ReplOptions repl;
    CheckOptions check;
    StrategyTestOptions test;
    NewOptions make;
    ApiOptions api;
    StoreOptions store;
    DataOptions data;
    StoreDataOptions store_data;
    ChainOptions chain;
    CalendarOptions calendar;
    InstrumentsOptions instruments;
    ChargesOptions charges;
    BackupOptions backup;
    ConfigOptions config;
    ResumeOptions resume;
    RecoverOptions recover;
    StatementOptions statement;
    OperateOptions operate;
    HealthOptions health;
    ExchangeOptions exchange;
    WatchdogProcess watchdog;
    ZygoteOptions zygote;
    bool greeks_csv = false;
};

std::string date_check(const std::string& text) {
    return parse_date(text) ? "" : "'" + text + "' is not a date YYYY-MM-DD";
}

std::string price_check(const std::string& text) { return parse_price(text) ? "" : "'" + text + "' is not a price"; }

std::string count_check(const std::string& text) {
    const bool digits = !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
    return digits ? "" : "'" + text + "' is not a count of rows";
}

void add_run_inputs(CLI::App& command, RunOptions& run, Options& all) {
    command.add_option("--script", run.scripts, "strategy file; a name without a folder is looked up in strategies/")
        ->required()
        ->type_name("FILE");
    command.add_option("--param", run.parameters, "a strategy parameter, name=value (repeatable)")
        ->type_name("NAME=VALUE");
    command
        .add_option("--history", run.history, "bars that are context only: daily bars for ADX, daily VIX, earlier days")
        ->type_name("PATH");
    command.add_option("--from", all.from, "first date to trade")->check(date_check, "")->type_name("DATE");
    command.add_option("--to", all.to, "last date to trade")->check(date_check, "")->type_name("DATE");
    command
        .add_option_function<std::string>(
            "--option-model", [&run](const std::string&) { run.option_model = true; },
            "bs: price options without recorded bars by model (flagged everywhere)")
        ->check(CLI::IsMember({"bs"}))
        ->type_name("MODEL");
    command
        .add_option_function<std::string>(
            "--vix", [&run](const std::string&) { run.realised_vix = true; },
            "realised: stand in for a missing VIX by realised volatility (flagged)")
        ->check(CLI::IsMember({"realised"}))
        ->type_name("SOURCE");
    command
        .add_option("--instruments", run.instruments,
                    "a broker's contract master: its lot, tick and freeze quantity win over the dated rules")
        ->type_name("FILE");
    command.add_option("--config", run.config_file, "configuration file (default: the shipped config/engine.toml)")
        ->type_name("FILE");
    command.add_option("--home", run.home, "folder for the store, journals and EMERGENCY_STOP")->type_name("DIR");
    command.add_flag("--lenient", run.lenient, "skip bad rows of data files instead of refusing the file");
    command.add_flag("--json", run.json, "print one JSON document at the end and nothing else on stdout");
}

void add_run(CLI::App& app, Options& o, Command& chosen) {
    auto* run = app.add_subcommand("run", "run a session: market data in, a strategy's orders out");
    add_run_inputs(*run, o.run, o);
    auto* paper = run->add_flag("--paper", o.paper, "paper trading (the default)");
    run->add_flag("--live", o.live, "live trading")->excludes(paper);
    run->add_option("--feed", o.run.feeds,
                    "synthetic[:SCENARIO][:SEED][,NAME=VALUE]... (default; docs/cli.md), as in "
                    "synthetic:trend:7,vix=22; or replay:PATH; a second one is a backup")
        ->type_name("FEED");
    run->add_option_function<std::string>(
           "--broker", [&o](const std::string& broker) { o.run.exchange_process = broker == "paper-process"; },
           "paper (default): the paper exchange in this process; paper-process: in a process of its own, with a "
           "watchdog")
        ->check(CLI::IsMember({"paper", "paper-process"}))
        ->type_name("BROKER");
    run->add_flag("--fresh", o.run.fresh, "start a new session, even where the same one was interrupted");
    run->add_flag("--in-process", o.run.in_process,
                  "scripts run in the engine's own process, not each in one of its own (scripts.transport)");
    run->add_option("--feed-mode", o.run.feed_mode, "with two feeds: fallback (default) or redundant (first tick wins)")
        ->check(CLI::IsMember({"fallback", "redundant"}));
    run->add_option("--speed", o.run.speed, "1 = real time, 60 = a minute a second, max")->type_name("X");
    run->add_flag("--plain", o.run.plain, "a stream of lines instead of the living screen");
    run->footer(
        "Example: engine run --script adx_trend.lua --paper --speed 60\n"
        "         (engine --script adx_trend.lua --paper is the same)\n"
        "         engine run --script adx_trend.lua --paper --feed synthetic:dead_feed:7 --feed synthetic:7");
    run->callback([&o, &chosen] {
        o.run.mode = o.live ? RunMode::live : RunMode::paper;
        o.run.from = parse_date(o.from);
        o.run.to = parse_date(o.to);
        chosen = [&o] { return run_command(o.run); };
    });
}

void add_backtest(CLI::App& app, Options& o, Command& chosen) {
    auto* backtest = app.add_subcommand("backtest", "run a strategy over recorded bars, as fast as it goes");
    add_run_inputs(*backtest, o.backtest, o);
    backtest->add_option("--data", o.backtest.data, "bar files or folders to trade through (repeatable)")
        ->required()
        ->type_name("PATH");
    backtest->add_flag("!--no-journal", o.backtest.journal, "do not write a journal of the run");
    backtest->footer("Example: engine backtest --script adx_trend.lua --data bars/ --history daily/ --option-model bs");
    backtest->callback([&o, &chosen] {
        o.backtest.mode = RunMode::backtest;
        o.backtest.from = parse_date(o.from);
        o.backtest.to = parse_date(o.to);
        chosen = [&o] { return backtest_command(o.backtest); };
    });
}

void add_replay(CLI::App& app, Options& o, Command& chosen) {
    auto* replay = app.add_subcommand("replay", "run a journal again");
    replay->add_option("journal", o.replay.journal, "journal file")->required()->type_name("JOURNAL");
    replay->add_flag("--verify", o.replay.verify, "compare with what was recorded; exit 1 at the first difference");
    replay->add_flag("--json", o.replay.json, "print one JSON document");
    replay->footer("Example: engine replay data/journals/paper-1.journal --verify");
    replay->callback([&o, &chosen] { chosen = [&o] { return replay_command(o.replay); }; });
}

void add_repl(CLI::App& app, Options& o, Command& chosen) {
    auto* repl = app.add_subcommand("repl", "look into the running engine, or a journal, in Lua; changes nothing");
    repl->add_option("--home", o.repl.home, "folder of the engine")->type_name("DIR");
    auto* journal = repl->add_option("--journal", o.repl.journal, "a journal instead of the running engine");
    journal->type_name("FILE");
    repl->add_option("--at", o.repl.moment, "the moment to look at: 11:05, 2024-01-25T11:05:00 (default: the end)")
        ->needs(journal)
        ->type_name("TIME");
    auto* code = repl->add_option("--eval", o.repl.code, "run this and end");
    code->type_name("CODE");
    repl->add_flag("--json", o.repl.json, "with --eval: print one JSON document");
    repl->footer(
        "Example: engine repl\n"
        "         engine repl --eval 'positions()'\n"
        "         engine repl --journal data/journals/paper-1.journal --at 11:05 --eval 'why_not(\"NIFTY\", "
        "\"11:05\")'");
    repl->callback([&o, &chosen, code] {
        o.repl.evaluates = code->count() > 0;
        chosen = [&o] { return repl_command(o.repl); };
    });
}

void add_check(CLI::App& app, Options& o, Command& chosen) {
    auto* check = app.add_subcommand("check", "load scripts in the sandbox and check their shape; runs nothing");
    check->add_option("scripts", o.check.scripts, "strategy files")->required()->type_name("FILE");
    check->add_option("--param", o.check.parameters, "a strategy parameter, name=value (repeatable)");
    check->add_flag("--json", o.check.json, "print one JSON document");
    check->footer("Example: engine check adx_trend.lua");
    check->callback([&o, &chosen] { chosen = [&o] { return check_command(o.check); }; });
    auto* api =
        app.add_subcommand("api", "what a strategy can use: all names, or one with arguments, units and an example");
    api->add_option("name", o.api.name, "such as ctx:enter, bars, on_fill, needs.symbols")->type_name("NAME");
    api->add_flag("--markdown", o.api.markdown, "the page docs/lua-api.md");
    api->add_flag("--annotations", o.api.annotations, "annotations for editors: scripts/_meta/tide.lua");
    api->footer("Example: engine api ctx:enter\n         engine api bars");
    api->callback([&o, &chosen] { chosen = [&o] { return api_command(o.api); }; });
}

void add_test(CLI::App& app, Options& o, Command& chosen) {
    auto* test = app.add_subcommand("test", "run strategy tests (*_test.lua) against a scripted market");
    test->add_option("files", o.test.files, "test files (default: all in strategies/)")->type_name("FILE");
    test->add_option("--filter", o.test.filter, "only tests whose name has this text")->type_name("TEXT");
    test->add_flag("--json", o.test.json, "print one JSON document");
    test->footer("Example: engine test ema_cross_test.lua --filter stop");
    test->callback([&o, &chosen] { chosen = [&o] { return strategy_test_command(o.test); }; });
}

void add_new(CLI::App& app, Options& o, Command& chosen) {
    auto* make = app.add_subcommand("new", "write a commented strategy with its test");
    make->add_option("name", o.make.name, "letters, digits and underscores; the strategy's file and name")
        ->required()
        ->type_name("NAME");
    make->add_option("--dir", o.make.folder, "where to (default: strategies/)")->type_name("DIR");
    make->footer("Example: engine new my_first");
    make->callback([&o, &chosen] { chosen = [&o] { return new_command(o.make); }; });
}

void add_time_range(CLI::App& command, StoreOptions& store) {
    command.add_option("--from", store.from, "from this date or time on (India)")->type_name("TIME");
    command.add_option("--to", store.to, "until the end of this date, or until this time")->type_name("TIME");
}

CLI::App* add_store_command(CLI::App& app, Options& o, Command& chosen, const char* name, const char* help,
                            Result<ExitCode> (*command)(const StoreOptions&)) {
    auto* store = app.add_subcommand(name, help);
    store->add_option("--home", o.store.home, "folder of the store")->type_name("DIR");
    store->add_option("--session", o.store.session, "a session's id, or all (default: the latest)")->type_name("ID");
    store->add_option("--limit", o.store.limit, "at most this many rows, the newest")->check(count_check, "");
    add_time_range(*store, o.store);
    store->add_flag("--json", o.store.json, "print one JSON document");
    store->footer(fmt::format("Example: engine {} --json", name));
    store->callback([&o, &chosen, command] {
        if (!chosen) chosen = [&o, command] { return command(o.store); };
    });
    return store;
}

void add_store(CLI::App& app, Options& o, Command& chosen) {
    add_store_command(app, o, chosen, "sessions", "sessions in the store", sessions_command);
    add_store_command(app, o, chosen, "trades", "closed trades with entry, exit, charges and why", trades_command);
    add_store_command(app, o, chosen, "orders", "orders with their last state", orders_command);
    add_store_command(app, o, chosen, "positions", "open positions", positions_command);
    auto* audit =
        add_store_command(app, o, chosen, "audit", "the audit trail: every decision, in order", audit_command);
    audit->add_option("--kind", o.store.kind, "only rows of one kind: intent, risk, order, fill, exit, skip, halt, …");
    audit->add_option("--order", o.store.order, "only rows about one order");
    auto* verify =
        audit->add_subcommand("verify", "recompute the hash chain; exit 1 and name the first row that does not hold");
    verify->add_option("--home", o.store.home, "folder of the store")->type_name("DIR");
    verify->add_option("--session", o.store.session, "a session's id, or all (default: all)")->type_name("ID");
    verify->add_flag("--json", o.store.json, "print one JSON document");
    verify->footer("Example: engine audit verify");
    verify->callback([&o, &chosen] { chosen = [&o] { return audit_verify_command(o.store); }; });
    auto* exported = audit->add_subcommand("export", "all audit rows, oldest first, as CSV or JSON");
    exported->add_option("--home", o.store.home, "folder of the store")->type_name("DIR");
    exported->add_option("--session", o.store.session, "a session's id, or all (default: all)")->type_name("ID");
    exported->add_option("--kind", o.store.kind, "only rows of one kind");
    add_time_range(*exported, o.store);
    exported->add_flag("--csv", o.store.csv, "session,row,event,time,kind,text,hash");
    exported->add_flag("--json", o.store.json, "print one JSON document");
    exported->footer("Example: engine audit export --csv --from 2026-11-01 --kind fill > fills.csv");
    exported->callback([&o, &chosen] { chosen = [&o] { return audit_export_command(o.store); }; });
    auto* retire = audit->add_subcommand("retire", "remove sessions older than store.audit_years, after a backup");
    retire->add_option("--home", o.backup.home, "folder of the store")->type_name("DIR");
    retire->add_option("--config", o.backup.config_file, "configuration file")->type_name("FILE");
    retire->add_flag("--confirm", o.backup.confirm, "remove them (without it they are only listed)");
    retire->footer("Example: engine audit retire");
    retire->callback([&o, &chosen] { chosen = [&o] { return audit_retire_command(o.backup); }; });
    auto* why =
        audit->add_subcommand("why", "how an order or a trade came about: event, callback, intent, risk, fills");
    why->add_option("subject", o.store.subject,
                    "an order's number, or trade:N, position:N, intent:N (a held entry, a group)")
        ->required()
        ->type_name("ORDER|trade:N");
    why->add_option("--home", o.store.home, "folder of the store")->type_name("DIR");
    why->add_option("--session", o.store.session, "a session's id (default: the latest)")->type_name("ID");
    why->add_flag("--json", o.store.json, "print one JSON document");
    why->footer("Example: engine audit why 11\n         engine audit why trade:3");
    why->callback([&o, &chosen] { chosen = [&o] { return audit_why_command(o.store); }; });
}

void add_backups(CLI::App& app, Options& o, Command& chosen) {
    const auto add_common = [&o](CLI::App& command, const char* example) {
        command.add_option("--home", o.backup.home, "folder of the store")->type_name("DIR");
        command.add_flag("--json", o.backup.json, "print one JSON document");
        command.footer(example);
    };
    auto* backup = app.add_subcommand("backup", "backups of the store (trades and audit): list them, or make one");
    backup->add_flag("--now", o.backup.now, "make one now; a session may be running");
    add_common(*backup, "Example: engine backup --now");
    backup->callback([&o, &chosen] { chosen = [&o] { return backup_command(o.backup); }; });
    auto* restore =
        app.add_subcommand("restore", "put a backup in the place of the store; what was there is set aside");
    restore->add_option("file", o.backup.file, "a backup's .db file")->required()->type_name("FILE");
    restore->add_flag("--confirm", o.backup.confirm, "yes, really (without it the backup is only checked)");
    add_common(*restore, "Example: engine restore data/backups/ledger-daily-20261118.db --confirm");
    restore->callback([&o, &chosen] { chosen = [&o] { return restore_command(o.backup); }; });
}

void add_reports(CLI::App& app, Options& o, Command& chosen) {
    auto* pnl =
        app.add_subcommand("pnl", "profit from the store: gross, charges, net, open, by day or strategy or contract");
    pnl->add_option("--by", o.store.by, "day (default), month, strategy, symbol")
        ->check(CLI::IsMember({"day", "month", "strategy", "symbol"}));
    pnl->add_option("--session", o.store.session, "a session's id (default: all)")->type_name("ID");
    add_time_range(*pnl, o.store);
    pnl->footer("Example: engine pnl --by strategy --from 2026-11-01");
    pnl->callback([&o, &chosen] { chosen = [&o] { return pnl_command(o.store); }; });
    auto* tax =
        app.add_subcommand("tax-report", "a financial year for the tax return: turnover, charges by head, quarters");
    tax->add_option("--fy", o.store.year, "financial year, as 2026-27")->required()->type_name("YEAR");
    tax->footer("Example: engine tax-report --fy 2026-27 --csv > trades.csv");
    tax->callback([&o, &chosen] { chosen = [&o] { return tax_report_command(o.store); }; });
    for (CLI::App* report : {pnl, tax}) {
        report->add_option("--home", o.store.home, "folder of the store")->type_name("DIR");
        report->add_flag("--csv", o.store.csv, "print CSV");
        report->add_flag("--json", o.store.json, "print one JSON document");
    }
}

void add_data(CLI::App& app, Options& o, Command& chosen) {
    auto* indicators = app.add_subcommand("indicators", "the engine's own indicators over a bar file");
    auto* list = indicators->add_flag("--list", o.data.list, "every indicator with its parameters and outputs");
    indicators->add_flag("--markdown", o.data.markdown, "the list as the page docs/indicators.md")->needs(list);
    indicators->add_option("--data", o.data.data, "bar file")->type_name("FILE");
    indicators->add_option("--set", o.data.set, "indicators with parameters: adx:14,rsi:14,ema:9,supertrend:10:3");
    indicators->add_flag("--csv", o.data.csv, "CSV (the only form, and the default)");
    indicators->add_flag("--lenient", o.data.lenient, "skip bad rows");
    indicators->footer(
        "Example: engine indicators --data NIFTY_1d.csv --set \"adx:14,rsi:14,ema:9\" --csv\n"
        "         engine indicators --list");
    indicators->callback([&o, &chosen] { chosen = [&o] { return indicators_command(o.data); }; });

    auto* greeks = app.add_subcommand("greeks", "option greeks and implied volatility, row by row from stdin");
    greeks->add_flag("--csv", o.greeks_csv, "CSV (the only form, and the default)");
    greeks->footer(
        "Example: engine greeks --csv < rows.csv\n"
        "         (in: model,right,underlying,strike,t_years,rate,price; model black76 or bs)");
    greeks->callback([&chosen] { chosen = [] { return greeks_command(); }; });

    auto* chain = app.add_subcommand("chain", "a recorded option chain with volatility, greeks and analytics");
    chain->add_option("--data", o.chain.data, "chain file: ticks with expiry,strike,right")
        ->required()
        ->type_name("FILE");
    chain->add_option("--at", o.chain.at, "a moment, 2025-08-29T12:00:00 in India (default: the last row)");
    chain->add_option("--expiry", o.chain.expiry, "default: the nearest")->check(date_check, "")->type_name("DATE");
    chain->add_option("--rate", o.chain.rate, "interest a year, continuous (default 0.065)")
        ->check(CLI::Range(-0.05, 0.3));
    chain->add_option("--strikes", o.chain.strikes, "shown each side of the forward, 0 for all (default 15)")
        ->check(CLI::Range(0, 1'000));
    chain->add_flag("--lenient", o.chain.lenient, "skip bad rows");
    chain->add_flag("--json", o.chain.json, "print one JSON document");
    chain->footer("Example: engine chain --data NIFTY_chain_2025-08-29.csv.gz --at 2025-08-29T12:00:00");
    chain->callback([&o, &chosen] { chosen = [&o] { return chain_command(o.chain); }; });

    auto* data = app.add_subcommand("data", "market data: files, and the store of the home folder");
    data->require_subcommand(1);
    const auto add = [&](const char* name, const char* help, const char* to,
                         Result<ExitCode> (*command)(const DataOptions&)) {
        auto* sub = data->add_subcommand(name, help);
        sub->add_option("--data", o.data.data, "input file")->required()->type_name("FILE");
        sub->add_option("--to", o.data.timeframe, to)->required();
        sub->add_flag("--csv", o.data.csv, "CSV (the only form, and the default)");
        sub->add_flag("--lenient", o.data.lenient, "skip bad rows");
        sub->callback([&o, &chosen, command] { chosen = [&o, command] { return command(o.data); }; });
        return sub;
    };
    add("aggregate", "ticks to bars, by the engine's own builder",
        "1m 3m 5m 15m 30m 1h; or bars of 500 ticks, 10000 units of volume, a range of 20 price steps: 500t 10000v 20r",
        aggregate_command)
        ->footer(
            "Example: engine data aggregate --data NIFTY_1s_2022-08-10.csv.gz --to 1m --csv\n"
            "         engine data aggregate --data TCS_ticks.csv.gz --to 500t");
    add_store_data_commands(*data, o.store_data, chosen);
    add("resample", "bars to longer bars", "timeframe to make: 3m 5m 15m 30m 1h 1d 1w", resample_command)
        ->footer("Example: engine data resample --data NIFTY_1m.csv.gz --to 15m --csv");
}

void add_operations(CLI::App& app, Options& o, Command& chosen) {
    auto* calendar = app.add_subcommand("calendar", "trading days and their sessions");
    calendar->add_option("date", o.calendar.date, "one date (default: today)")->check(date_check, "");
    calendar->add_option("--from", o.calendar.from, "first date")->check(date_check, "");
    calendar->add_option("--to", o.calendar.to, "last date")->check(date_check, "");
    calendar->add_option("--exchange", o.calendar.exchange, "NSE (default) or BSE");
    calendar
        ->add_option("--expiries", o.calendar.expiries,
                     "expiries of an underlying: those listed on DATE, or all from --from to --to")
        ->type_name("NIFTY");
    calendar->add_flag("--json", o.calendar.json, "print one JSON document");
    calendar->footer(
        "Example: engine calendar --from 2026-11-01 --to 2026-11-30\n"
        "         engine calendar 2026-11-20 --expiries NIFTY");
    calendar->callback([&o, &chosen] { chosen = [&o] { return calendar_command(o.calendar); }; });

    auto* instruments =
        app.add_subcommand("instruments", "contracts of a broker's master, and how it differs from the rules");
    instruments->add_option("--master", o.instruments.master, "contract master: Angel One JSON, Dhan, Kite or Tide CSV")
        ->required()
        ->type_name("FILE");
    instruments->add_option("--on", o.instruments.on, "trading date (default: today); expired contracts are left out")
        ->check(date_check, "")
        ->type_name("DATE");
    instruments->add_option("--underlying", o.instruments.underlying, "only this one")->type_name("NIFTY");
    instruments->add_option("--expiry", o.instruments.expiry, "only this expiry")
        ->check(date_check, "")
        ->type_name("DATE");
    instruments->add_option("--strike", o.instruments.strike, "only this strike")
        ->check(price_check, "")
        ->type_name("PRICE");
    auto* summary = instruments->add_flag("--summary", o.instruments.summary, "one row an underlying and expiry");
    instruments
        ->add_flag("--check", o.instruments.check,
                   "compare expiries, lots, ticks and freeze quantities with the rules; exit 1 on a difference")
        ->excludes(summary);
    instruments->add_flag("--json", o.instruments.json, "print one JSON document");
    instruments->footer(
        "Example: engine instruments --master OpenAPIScripMaster.json --underlying NIFTY --expiry 2026-12-01\n"
        "         engine instruments --master api-scrip-master.csv --check");
    instruments->callback([&o, &chosen] { chosen = [&o] { return instruments_command(o.instruments); }; });
    auto* charges =
        app.add_subcommand("charges", "what a trade costs, head by head, by the tables in force on its date");
    charges->add_option("--buy", o.charges.buy, "price bought at")->type_name("PRICE");
    charges->add_option("--sell", o.charges.sell, "price sold at")->type_name("PRICE");
    charges->add_option("--exercise", o.charges.exercise, "settlement price of the underlying")->type_name("PRICE");
    charges->add_option("--strike", o.charges.strike, "of the option that is exercised")->type_name("PRICE");
    charges->add_option("--quantity", o.charges.quantity, "units (lots x lot size)")
        ->required()
        ->check(CLI::Range(int64_t{1}, int64_t{10'000'000}));
    charges->add_option("--date", o.charges.date, "date of the trade")
        ->required()
        ->check(date_check, "")
        ->type_name("DATE");
    charges->add_option("--kind", o.charges.kind, "option, future or equity")
        ->check(CLI::IsMember({"option", "future", "equity"}));
    charges->add_option("--exchange", o.charges.exchange, "NSE or BSE")->check(CLI::IsMember({"NSE", "BSE"}));
    charges->add_option("--broker", o.charges.broker, "whose rounding: angelone, dhan or zerodha")
        ->check(CLI::IsMember({"angelone", "dhan", "zerodha"}));
    charges->add_flag("--json", o.charges.json, "print one JSON document");
    charges->footer("Example: engine charges --buy 100 --sell 110 --quantity 65 --date 2026-11-20 --broker dhan");
    charges->callback([&o, &chosen] { chosen = [&o] { return charges_command(o.charges); }; });

    auto* config = app.add_subcommand("config", "show or validate the configuration");
    config->require_subcommand(1);
    const auto add_config = [&](const char* name, const char* help, Result<ExitCode> (*command)(const ConfigOptions&)) {
        auto* sub = config->add_subcommand(name, help);
        sub->add_option("--config", o.config.config_file, "configuration file")->type_name("FILE");
        sub->add_flag("--json", o.config.json, "print one JSON document");
        sub->footer(fmt::format("Example: engine config {}", name));
        sub->callback([&o, &chosen, command] { chosen = [&o, command] { return command(o.config); }; });
    };
    add_config("show", "every setting with its value, range and meaning", config_show_command);
    add_config("validate", "check a configuration file", config_validate_command);

    auto* statement = app.add_subcommand("statement", "a broker's statement against the store");
    statement->require_subcommand(1);
    auto* import =
        statement->add_subcommand("import", "compare a statement of trades (CSV) with the fills of its days");
    import->add_option("file", o.statement.file, "own columns, or a tradebook of Zerodha, Dhan or Angel One")
        ->required();
    import->add_option("--session", o.statement.session, "of one session; without it all")->type_name("ID");
    import->add_option("--date", o.statement.date, "the day, where the statement has times alone")->type_name("DATE");
    import->add_option("--home", o.statement.home, "folder of the store")->type_name("DIR");
    import->add_option("--config", o.statement.config_file, "configuration file (tolerances)")->type_name("FILE");
    import->add_flag("--json", o.statement.json, "print one JSON document");
    import->footer("Example: engine statement import tradebook-2026-11-20.csv");
    import->callback([&o, &chosen] { chosen = [&o] { return statement_import_command(o.statement);
};
}  // namespace
);

auto* recover = app.add_subcommand("recover", "complete the store from the journals after an interruption");
recover->add_option("--home", o.recover.home, "folder of the store")->type_name("DIR");
recover->add_flag("--json", o.recover.json, "print one JSON document");
recover->add_flag("--acknowledge", o.recover.acknowledge,
                  "you have looked into what differed from the broker's books: entries may go on");
recover->add_option("--reason", o.recover.reason, "with --acknowledge: what was found and mended")->type_name("TEXT");
recover->footer("Example: engine recover");
recover->callback([&o, &chosen] {
    chosen = [&o]() -> Result<ExitCode> {
        if (!o.recover.acknowledge) return recover_command(o.recover);
        return acknowledge_command({o.recover.home, o.recover.reason, "", o.recover.json, true});
    };
});
}  // namespace tide

void add_processes(CLI::App& app, Options& o, Command& chosen) {
    auto* exchange = app.add_subcommand("paper-exchange", "the paper exchange as a process of its own, or its books");
    exchange->add_option("--home", o.exchange.home, "folder of the engine")->type_name("DIR");
    exchange->add_flag("--once", o.exchange.once, "end with the first session that leaves nothing open");
    exchange->add_flag("--show", o.exchange.show, "show the books of the one that runs");
    exchange->add_flag("--json", o.exchange.json, "with --show: print one JSON document");
    exchange->footer("Example: engine paper-exchange --show");
    exchange->callback([&o, &chosen] { chosen = [&o] { return paper_exchange_command(o.exchange); }; });
    // Started by `run`, never by hand: it needs descriptors that only `run` can give it.
    auto* zygote = app.add_subcommand("script-zygote", "starts scripts' processes for an engine")->group("");
    zygote->add_flag("--unconfined", o.zygote.unconfined);
    zygote->add_option("engine", o.zygote.engine_process)->required();
    zygote->callback([&o, &chosen] { chosen = [&o] { return script_zygote(o.zygote); }; });

    auto* watchdog = app.add_subcommand("watchdog", "watches an engine")->group("");
    watchdog->add_option("--home", o.watchdog.home)->required();
    watchdog->add_option("--session", o.watchdog.session_id)->required();
    watchdog->add_option("--board", o.watchdog.board)->required();
    watchdog->add_option("--pipe", o.watchdog.engine)->required();
    watchdog->add_option("--engine", o.watchdog.engine_process)->required();
    watchdog->add_option("--hang-s", o.watchdog.hang_s)->required();
    watchdog->add_option("--kill-wait-s", o.watchdog.kill_wait_s)->required();
    watchdog->callback([&o, &chosen] {
        chosen = [&o]() -> Result<ExitCode> {
            return watch_engine(o.watchdog) == 0 ? ExitCode::done : ExitCode::internal;
        };
    });
}

int report(const Error& error) {
    fmt::print(stderr, "engine: {}\n", one_line(error.message));
    return static_cast<int>(exit_code_of(error.code));
}

// `engine --script …` is short for `engine run --script …`.
std::vector<std::string> arguments(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    static constexpr std::string_view kOwn[] = {"-h", "--help", "--version"};
    const bool is_option = !words.empty() && !words[0].empty() && words[0][0] == '-';
    if (is_option && std::find(std::begin(kOwn), std::end(kOwn), words[0]) == std::end(kOwn)) {
        words.insert(words.begin(), "run");
    }
    std::reverse(words.begin(), words.end());  // what CLI11 takes
    return words;
}

}  // namespace

int run_cli(int argc, char** argv) {
    CLI::App app("Tide: runs Lua strategies for Indian index options", "engine");
    app.set_version_flag("--version", kVersion);
    app.require_subcommand(0, 1);
    app.footer(
        "Example: engine --script adx_trend.lua --paper\n\n"
        "Exit codes: 0 done, 1 the thing checked does not hold, 2 bad usage, configuration or input, 3 not reachable,\n"
        "4 halted by risk or kill switch, 5 script rejected or quarantined, 70 internal error.");
    Options options;
    Command chosen;
    add_run(app, options, chosen);
    add_backtest(app, options, chosen);
    add_replay(app, options, chosen);
    add_repl(app, options, chosen);
    add_check(app, options, chosen);
    add_test(app, options, chosen);
    add_new(app, options, chosen);
    add_store(app, options, chosen);
    add_reports(app, options, chosen);
    add_backups(app, options, chosen);
    add_data(app, options, chosen);
    add_operations(app, options, chosen);
    add_processes(app, options, chosen);
    add_operate_commands(app, options.operate, options.resume, options.health, chosen);
    try {
        app.parse(arguments(argc, argv));
    } catch (const CLI::Success& shown) {
        return app.exit(shown);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "engine: {}; see 'engine --help'\n", error.what());
        return static_cast<int>(ExitCode::usage);
    }
    if (!chosen) {
        fmt::print(stderr, "engine: no command given; see 'engine --help'\n");
        return static_cast<int>(ExitCode::usage);
    }
    try {
        auto code = chosen();
        return code ? static_cast<int>(*code) : report(code.error());
    } catch (const std::exception& error) {
        fmt::print(stderr, "engine: internal error: {}\n", error.what());
        return static_cast<int>(ExitCode::internal);
    }
}

}  // namespace tide
