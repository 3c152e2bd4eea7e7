#include "app/session_run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <map>

#include "app/alerts.hpp"
#include "app/books_latch.hpp"
#include "app/build_id.hpp"
#include "app/commands.hpp"
#include "app/engine_settings.hpp"
#include "app/interrupted_session.hpp"
#include "app/journal_replay.hpp"
#include "app/kill_backup.hpp"
#include "app/market_source.hpp"
#include "app/paths.hpp"
#include "app/reconciliation_report.hpp"
#include "app/reload_desk.hpp"
#include "app/saved_state_file.hpp"
#include "app/script_files.hpp"
#include "app/session_control.hpp"
#include "app/session_driver.hpp"
#include "app/store_data.hpp"
#include "app/store_repair.hpp"
#include "app/terminal.hpp"
#include "app/wall_clock.hpp"
#include "app/watchdog.hpp"
#include "bindings/lua_host.hpp"
#include "brokers/remote_exchange.hpp"
#include "journal/journal_writer.hpp"
#include "ledger/ledger.hpp"
#include "ops/backup_schedule.hpp"
#include "ops/recorder_fan_out.hpp"
#include "ops/session_screen.hpp"
#include "ops/session_summary.hpp"
#include "ops/terminal_width.hpp"
#include "session/operator_argument.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

// Counts the market events on their way, for the report.
class CountingFeed final : public Feed {
  public:
    // `progress` (may be empty) is told at each trading day how far the data has come.
    CountingFeed(Feed& feed, ProgressReport progress) : feed_(feed), progress_(std::move(progress)) {}
    Result<bool> next(Event& event) override {
        auto more = feed_.next(event);
        if (!more || !*more) return more;
        if (const auto* day = std::get_if<TradingDayEvent>(&event.payload); day != nullptr && !day->history) {
            if (!first_day) first_day = day->date;
            last_day = day->date;
            if (progress_) progress_(feed_.share_given());
        }
        return more;
    }
    void want_bar_path(bool wanted) override { feed_.want_bar_path(wanted); }
    void want_contracts(std::span<const InstrumentId> contracts) override { feed_.want_contracts(contracts); }
    std::string describe() const override { return feed_.describe(); }
    std::optional<Date> first_day, last_day;

  private:
    Feed& feed_;
    ProgressReport progress_;
};

// Remembers which flags of the data and the fills a reader must be told.
class FlagRecorder final : public Recorder {
  public:
    void record(const Record& record) override {
        if (const auto* fill = std::get_if<FillRecord>(&record.body)) {
            model_fill |= (fill->fill.flags & kFillModelPrice) != 0;
            last_price_fill |= (fill->fill.flags & kFillLastPrice) != 0;
        } else if (const auto* quality = std::get_if<QualityRecord>(&record.body)) {
            if (quality->bad && quality->what != "gap_mode") ++bad_data[quality->what];
        }
    }
    bool model_fill = false;
    bool last_price_fill = false;
    std::map<std::string, int64_t> bad_data;  // how often data became stale, frozen, …
};

// A name for the run's files: unique, sortable, never part of what is hashed.
std::string run_name(const RunOptions& options) {
    return fmt::format("{}-{}-{}", options.mode == RunMode::backtest ? "backtest" : "paper", utc_stamp(), ::getpid());
}

int64_t peak_rss_mb() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

Result<double> parse_speed(const RunOptions& options, const MarketSource& market) {
    if (options.speed.empty()) return market.default_speed;
    if (options.speed == "max") return 0.0;
    char* end = nullptr;
    const double speed = std::strtod(options.speed.c_str(), &end);
    if (*end != '\0' || !(speed > 0) || speed > 1e6) {
        return make_error(ErrorCode::usage,
                          fmt::format("--speed {}: give 1, 60, any number above 0, or max", options.speed));
    }
    return speed;
}

constexpr double kExchangeWait_s = 5;

class SessionRun {
  public:
    explicit SessionRun(const RunOptions& options) : options_(options) {}

    Result<ExitCode> run() {
        if (auto done = prepare(); !done) return done.error();
        if (auto done = open_outputs(); !done) return done.error();
        announce();
        auto ran = drive();
        const Result<void> closed = close_outputs();
        if (!ran && ran.error().code == ErrorCode::script && backtest()) discard_empty_run();
        if (!ran) return ran.error();
        if (!closed) return closed.error();
        if (auto told = report_incident(); !told) return told.error();
        show_result();
        // The session is over and told; a late Ctrl-C must not cut its closing short.
        pacing_.reset();
        std::signal(SIGINT, SIG_IGN);
        std::signal(SIGTERM, SIG_IGN);
        return exit_code();
    }

  private:
    bool backtest() const { return options_.mode == RunMode::backtest; }

    Result<void> prepare() {
        auto paths = find_paths(options_.home);
        if (!paths) return paths.error();
        paths_ = *paths;
        if (auto read = settings_.read_file(options_.config_file.empty() ? paths_.config_file().string()
                                                                         : options_.config_file);
            !read) {
            return read;
        }
        if (auto fit = LuaHost::self_test(); !fit) return fit;
        if (auto ready = prepare_scripts(); !ready) return ready;
        auto scripts = read_scripts(paths_, options_.scripts, options_.parameters);
        if (!scripts) return scripts.error();
        if (auto known = check_limited_strategies(paths_, settings_.session.risk, *scripts); !known) return known;
        for (size_t i = 0; i < scripts->size(); ++i) {
            auto checked = check_script((*scripts)[i]);
            if (!checked) return checked.error();
            auto file = find_script(paths_, options_.scripts[i]);
            if (!file) return file.error();
            subjects_.push_back({StrategyId(static_cast<uint16_t>(i + 1)), checked->name, *file, (*scripts)[i]});
        }
        opening_.scripts = std::move(*scripts);
        if (auto read = read_states(); !read) return read;
        if (auto ready = prepare_home(paths_); !ready) return ready;
        std::error_code ignored;
        if (!backtest() && fs::exists(paths_.emergency_stop(), ignored)) {
            return make_error(
                ErrorCode::halted,
                fmt::format("the kill switch is latched ({}); find the cause, then engine resume --confirm-safe "
                            "--reason \"…\"",
                            paths_.emergency_stop().string()));
        }
        if (options_.instruments.empty()) options_.instruments = settings_.instruments;
        auto market = open_market(options_, paths_, settings_.session.data, settings_.feeds);
        if (!market) return market.error();
        market_ = std::move(*market);
        auto speed = parse_speed(options_, market_);
        if (!speed) return speed.error();
        speed_ = backtest() ? 0 : *speed;
        settings_.apply(options_, market_.over_history, !backtest() && fs::exists(paths_.limited_mode(), ignored));
        settings_.session.synthetic_market = market_.synthetic;
        opening_.config_text = settings_.canonical_text();
        auto charges = load_charge_rates(paths_.charges(), settings_.session.charges_broker);
        if (!charges) return charges.error();
        opening_.charges = std::move(*charges);
        if (auto looked = look_for_interrupted(); !looked) return looked;
        if (backtest() || interrupted_) return {};
        return BooksLatch::check(paths_);
    }

    // A session of this home that was interrupted goes on when this start is the same one again.
    Result<void> look_for_interrupted() {
        if (backtest() || options_.fresh || !options_.journal) return {};
        auto found = find_interrupted(paths_);
        if (!found) return found.error();
        if (!*found) return {};
        std::string other = other_session(**found, opening_.config_text, opening_.scripts);
        if (other.empty()) {
            auto again = open_market(options_, paths_, settings_.session.data, settings_.feeds);
            if (!again) return again.error();
            auto alike = begins_alike(**found, *again->feed);
            if (!alike) return alike.error();
            if (!*alike) other = "its feed gave other data";
        }
        if (!other.empty()) {
            fmt::print(stderr,
                       "note: session {} was interrupted and is not gone on with: {}; 'engine recover' completes "
                       "the store\n",
                       (*found)->name, other);
            return {};
        }
        // The session's own word on its configuration holds, to the letter.
        if (auto read = settings_.read_text((*found)->config_text); !read) return read;
        opening_.config_text = (*found)->config_text;
        interrupted_ = std::move(*found);
        return {};
    }

    // First of all that makes threads or holds locks: a process for scripts inherits neither.
    Result<void> prepare_scripts() {
        const bool workers = !backtest() && !options_.in_process && settings_.script_host.transport == "worker";
        auto hosting = ScriptHosting::start(settings_.script_host, workers);
        if (!hosting) return hosting.error();
        scripts_ = std::move(*hosting);
        if (scripts_->confined()) return {};
        const char* what = "this machine does not let processes filter their system calls";
        if (options_.mode == RunMode::live)
            return make_error(ErrorCode::config, fmt::format("{}: scripts do not run live here", what));
        fmt::print(stderr, "warning: {}: the scripts' processes are confined by limits alone\n", what);
        return {};
    }

    // A backtest begins with nothing but its data.
    Result<void> read_states() {
        if (backtest() || !settings_.session.scripts.keep_state) return {};
        for (const auto& subject : subjects_) {
            auto state = read_saved_state(paths_.saved_states(), subject.declared);
            if (!state) return state.error();
            opening_.states.push_back(std::move(*state));
        }
        for (size_t i = 0; i <= subjects_.size(); ++i) {
            auto entries = read_saved_state(paths_.saved_states(), entries_name(i));
            if (!entries) return entries.error();
            opening_.entries.push_back(std::move(*entries));
        }
        return {};
    }
    // Of the file with a strategy's entries that stand for later days; after the last strategy, of the operator's.
    std::string entries_name(size_t i) const {
        return (i < subjects_.size() ? subjects_[i].declared : std::string("operator")) + ".entries";
    }
    void keep_entries() {
        if (std::exchange(entries_revision_, session_->carried_revision()) == session_->carried_revision()) return;
        kept_entries_.resize(subjects_.size() + 1);
        for (size_t i = 0; i <= subjects_.size(); ++i) {
            const StrategyId strategy(static_cast<uint16_t>(i < subjects_.size() ? i + 1 : 0));
            std::string lines = session_->carried_entries(strategy);
            if (kept_entries_[i] == lines) continue;
            reloads_->keep(entries_name(i), {"1", session_->now(), lines});
            kept_entries_[i] = std::move(lines);
        }
    }

    void open_reload_desk() {
        ReloadDeskOptions options;
        options.subjects = subjects_;
        options.module_folders = {paths_.resources / "scripts"};
        options.state_folder = paths_.saved_states();
        options.watch = settings_.session.scripts.watch;
        options.ready = [this] { pacing_->wake(); };
        reloads_ = std::make_unique<ReloadDesk>(std::move(options));
    }
    // Words about scripts go by way of the desk, which adds the sources.
    void hear_commands(std::vector<OperatorCommand>& commands) {
        std::vector<OperatorCommand> heard;
        control_->hear(heard);
        for (auto& command : heard) {
            const bool reads_files = command.kind == CommandKind::reload && !goes_back(command);
            if (reads_files) {
                reloads_->ask(std::move(command));
            } else {
                commands.push_back(std::move(command));
            }
        }
        for (auto& command : reloads_->take()) commands.push_back(std::move(command));
    }
    static bool goes_back(const OperatorCommand& command) {
        const auto argument = OperatorArgument::parse(command.argument);
        return !argument || argument->find("rollback");
    }
    void keep_states() {
        if (!settings_.session.scripts.keep_state) return;
        keep_entries();
        kept_.resize(session_->scripts().size());
        for (size_t i = 0; i < kept_.size(); ++i) {
            const ScriptRunner& script = *session_->scripts()[i];
            const auto& saved = script.saved();
            if (std::exchange(kept_[i], saved.revision) == saved.revision) continue;
            reloads_->keep(script.declaration().name, {saved.version, saved.at, saved.bytes});
        }
        for (const auto& note : reloads_->notes()) fmt::print(stderr, "note: {}\n", note);
    }

    Result<void> open_outputs() {
        name_ = interrupted_ ? interrupted_->name : run_name(options_);
        if (!backtest()) {
            auto control = SessionControl::open(paths_, name_, market_.feed->describe());
            if (!control) return control.error();
            control_ = std::move(*control);
            recorders_.add(control_->recorder());
            recorders_.add(books_latch_);
            books_report_ = std::make_unique<ReconciliationReport>(paths_.reconciliations(), name_);
            recorders_.add(*books_report_);
            if (auto mended = mend_store(); !mended) return mended;
            if (auto started = start_processes(); !started) return started;
        }
        // Equal runs give equal journals: nothing of this machine or moment is in the header.
        const JournalHeader header{build_id(), backtest() ? "backtest" : "paper"};
        if (!options_.journal) {
            journal_ = std::make_unique<DisabledJournal>();
        } else if (interrupted_) {
            journal_path_ = interrupted_->journal;
            auto cut = cut_and_keep_tail(journal_path_);
            if (!cut) return cut.error();
            if (!cut->empty()) fmt::print(stderr, "note: {}\n", *cut);
            auto writer = JournalWriter::resume(journal_path_);
            if (!writer) return writer.error();
            journal_ = std::move(*writer);
        } else {
            journal_path_ = (paths_.journals() / (name_ + ".journal")).string();
            auto writer = JournalWriter::create(journal_path_, header);
            if (!writer) return writer.error();
            journal_ = std::move(*writer);
        }
        summary_ = std::make_unique<SessionSummary>(settings_.session.account.equity);
        recorders_.add(*summary_);
        recorders_.add(flags_);
        if (backtest()) return {};
        LedgerOptions ledger_options;
        ledger_options.session_id = name_;
        ledger_options.mode = "paper";
        ledger_options.write_ahead = options_.journal;
        if (options_.journal) {
            auto sync = journal_sync(journal_path_);
            if (!sync) return sync.error();
            ledger_options.before_commit = std::move(*sync);
        }
        ledger_options.anchors_path = paths_.audit_anchors().string();
        ledger_options.anchor_rows = static_cast<uint64_t>(settings_.store.anchor_rows);
        ledger_options.anchor_interval_ms = settings_.store.anchor_minutes * 60'000;
        auto ledger = Ledger::open(paths_.ledger().string(), ledger_options);
        if (!ledger) return ledger.error();
        ledger_ = std::move(*ledger);
        recorders_.add(*ledger_);
        if (speed_ > 0) start_backups();
        return {};
    }

    // With the home locked: a store that is no database any more is made again before anything is added to it.
    Result<void> mend_store() const {
        auto repair = repair_store(paths_, false);
        if (!repair) return repair.error();
        for (const auto& line : repair->lines) fmt::print(stderr, "note: {}\n", line);
        if (!repair->damaged) return {};
        auto done = complete_store(paths_);
        return done ? Result<void>() : done.error();
    }

    // At full speed no hour passes.
    void start_backups() {
        BackupSchedule::Options schedule;
        schedule.ledger = paths_.ledger().string();
        schedule.anchors = paths_.audit_anchors().string();
        schedule.folder = paths_.backups().string();
        schedule.every_minutes = settings_.store.backup_minutes;
        schedule.keep = static_cast<size_t>(settings_.store.hourly_kept);
        schedule.stamp = [] { return utc_stamp(); };
        backups_ = std::make_unique<BackupSchedule>(std::move(schedule));
    }
    // A backup that fails costs no session; it is said.
    void finish_backups() {
        if (!backups_) return;
        for (const std::string& error : backups_->stop()) fmt::print(stderr, "note: a backup failed: {}\n", error);
        backups_.reset();
        const auto daily =
            back_up_and_rotate(paths_.ledger().string(), paths_.audit_anchors().string(), paths_.backups().string(),
                               kDailyBackup, utc_stamp().substr(0, 8), static_cast<size_t>(settings_.store.daily_kept));
        if (!daily) fmt::print(stderr, "note: the day's backup failed: {}\n", daily.error().message);
    }

    Result<void> start_processes() {
        if (!options_.exchange_process) return {};
        if (auto started = start_paper_exchange(paths_); !started) return started;
        if (!settings_.watchdog.enabled) return {};
        auto watchdog = Watchdog::start(paths_, name_, settings_.watchdog);
        if (!watchdog) return watchdog.error();
        watchdog_ = std::move(*watchdog);
        return {};
    }

    void open_screen() {
        SessionScreenOptions screen;
        screen.out = stdout;
        screen.colour = colour_allowed(STDOUT_FILENO);
        // At full speed there is nothing to watch: lines say it better.
        screen.living = is_terminal(STDOUT_FILENO) && !options_.plain && speed_ > 0;
        screen.skip_quiet_days = market_.over_history && speed_ == 0;
        screen.title = fmt::format("paper · {}", market_.feed->describe());
        screen.lot_size = [this](InstrumentId id) -> int64_t {
            const Instrument* instrument =
                session_ == nullptr ? nullptr : session_->market().prices().instruments().find(id);
            return instrument == nullptr ? 1 : instrument->lot.units();
        };
        screen_ = std::make_unique<SessionScreen>(std::move(screen));
        recorders_.add(*screen_);
    }

    void announce() const {
        std::FILE* out = options_.json ? stderr : stdout;
        if (backtest() && !options_.json) out = stderr;
        const std::string speed = speed_ > 0 ? fmt::format("{}x", speed_) : "max";
        fmt::print(out, "feed    {}\n", market_.feed->describe());
        fmt::print(out, "broker  paper exchange{} (no order leaves this machine)\n",
                   options_.exchange_process ? " in a process of its own" : "");
        fmt::print(out, "mode    {}, speed {}\n", backtest() ? "backtest" : "paper", speed);
        if (scripts_->in_workers()) fmt::print(out, "scripts each in a process of its own\n");
        if (ledger_) fmt::print(out, "store   {}\n", paths_.ledger().string());
        if (!journal_path_.empty()) fmt::print(out, "journal {}\n", journal_path_);
        if (interrupted_)
            fmt::print(out, "session {} was interrupted after event {} and goes on\n", name_, interrupted_->events);
        for (const auto& note : market_.notes) fmt::print(stderr, "note: {}\n", note);
        std::fflush(out);
    }

    Result<void> drive() {
        WorkProgress progress("backtest");
        CountingFeed feed(*market_.feed, backtest() ? progress.report() : ProgressReport());
        PaperBroker own_exchange(settings_.paper);
        if (options_.option_model) own_exchange.use_option_model(settings_.session.option_model);
        own_exchange.use_price_filter(settings_.session.data);
        std::unique_ptr<RemoteExchange> remote;
        if (options_.exchange_process) {
            auto connected = connect_exchange();
            if (!connected) return connected.error();
            remote = std::move(*connected);
        }
        ExchangeLink& broker = remote ? static_cast<ExchangeLink&>(*remote) : own_exchange;
        JournalledLink link(broker, !backtest());
        link.attach(*journal_);
        scripts_->tell([&link](const ScriptStopNote& stop) { link.script_stopped(stop); });
        if (speed_ == 0 || interrupted_) scripts_->do_not_hurry();
        if (!scripts_->in_workers() && speed_ == 0) scripts_->watch();
        session_ = std::make_unique<Session>(settings_.session, scripts_->host(), link, recorders_);
        if (!backtest()) {
            pacing_ = std::make_unique<Pacing>(pacing_options());
            control_->attach(*session_, *pacing_, [this](ScriptSlot slot) { return scripts_->process_of(slot); });
            open_reload_desk();
        }
        SessionDriver driver({feed, broker, link, *session_, *journal_, pacing_.get(),
                              [this]() -> Result<void> { return ledger_ ? ledger_->status() : Result<void>(); },
                              [this](const OperatorCommand& command) { control_->obeyed(command); },
                              [this]() -> Result<void> { return control_ ? control_->latch() : Result<void>(); },
                              [this](uint64_t sequence) {
                                  if (ledger_) ledger_->release(sequence);
                              },
                              !backtest(), [this] { caught_up(); },
                              backtest() ? nullptr : SecureCall([this] { return secure_after_kill(); })});
        const auto started = std::chrono::steady_clock::now();
        auto done = interrupted_ ? go_on(driver) : driver.run(opening_);
        if (reloads_) keep_states();
        reloads_.reset();
        if (remote && done) remote->goodbye();
        if (watchdog_ && done) watchdog_->end();
        wall_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        events_ = driver.events();
        first_day_ = feed.first_day;
        last_day_ = feed.last_day;
        return done;
    }

    using SecureSteps = std::vector<std::pair<std::string, std::string>>;
    using SecureCall = std::function<SecureSteps()>;
    // After the kill switch has closed everything (or has given up): nothing of it may be lost.
    SecureSteps secure_after_kill() {
        if (!control_->killed()) return {};
        if (watchdog_ && session_->flat()) watchdog_->end();  // what follows may take longer than a hang
        keep_states();
        reloads_->write_states();
        Result<void> saved = journal_->sync();
        if (saved && ledger_) saved = ledger_->flush();
        control_->note(KillStep::state_saved, saved.has_value(),
                       saved ? "journal and store are on the disk, what scripts saved is kept" : saved.error().message);
        const auto page = control_->report();
        control_->note(KillStep::report_written, page.has_value(), page ? *page : page.error().message);
        const KillBackup backup = back_up_after_kill(paths_, journal_path_);
        control_->note(KillStep::backed_up, backup.done, backup.text);
        SecureSteps words;
        for (const KillStepTime& step : control_->incident().steps)
            words.emplace_back(step_words(step, speed_ > 0), step.text);
        return words;
    }

    // Who looks on sees what is new; scripts are held to their time again.
    void caught_up() {
        if (!options_.json && !backtest()) open_screen();
        if (interrupted_ && speed_ > 0) scripts_->hurry();
    }

    Result<void> go_on(SessionDriver& driver) {
        auto reader = JournalReader::open(journal_path_);
        if (!reader) return reader.error();
        const auto repeat = [this](const ScriptStopNote& stop) { scripts_->repeat(stop); };
        if (auto planned = for_each_stop(journal_path_, repeat); !planned) return planned;
        if (ledger_) ledger_->release(interrupted_->events);
        return driver.run_again(opening_, *reader, exchange_goes_on_);
    }

    // Of an interrupted session the exchange may have the books still.
    Result<std::unique_ptr<RemoteExchange>> connect_exchange() {
        auto connected = RemoteExchange::connect(paths_.exchange_socket(), WireRole::engine, settings_.exchange_text(),
                                                 kExchangeWait_s, name_);
        if (!connected || !interrupted_) return connected;
        auto books = (*connected)->books();
        if (!books) return books.error();
        exchange_goes_on_ = books->market_events > 0;
        if (exchange_goes_on_) {
            (*connected)->goes_on(*books);
        } else {
            fmt::print(stderr, "note: the paper exchange had ended: its books are made again from the journal\n");
        }
        return connected;
    }

    PacingOptions pacing_options() {
        PacingOptions options;
        options.speed = speed_;
        options.emergency_stop_file = paths_.emergency_stop().string();
        options.show = [this](ReceiveTime now) {
            show_live(now);
            control_->publish();
            keep_states();
            for (const auto& note : scripts_->take_notes()) fmt::print(stderr, "note: {}\n", note);
            watchdog_gone_ = watchdog_ && !watchdog_->alive();
        };
        options.hear = [this](std::vector<OperatorCommand>& commands) {
            hear_commands(commands);
            if (!watchdog_gone_ || watchdog_told_) return;
            watchdog_told_ = true;  // what cannot be guarded is not added to
            commands.push_back({CommandKind::pause, "engine", "", "the watchdog's process is gone", 0});
        };
        options.beat = [this] {
            if (!watchdog_) return;
            watchdog_->beat(session_->portfolio().open().size(), session_->desk().live().size(),
                            session_->halts().killed());
        };
        return options;
    }

    void show_live(ReceiveTime now) {
        if (!screen_) return;
        const auto& prices = session_->market().prices();
        LiveView view;
        view.now = now;
        view.phase = std::string(session_->current_phase());
        for (const InstrumentId id : session_->followed_instruments()) {
            view.prices.push_back({prices.instruments().get(id).symbol, prices.last(id, now).value_or(Price())});
        }
        if (prices.vix().known()) view.prices.push_back({"VIX", Price::from_double(prices.vix().level)});
        const Portfolio& portfolio = session_->portfolio();
        view.equity = portfolio.equity();
        view.day_gross = portfolio.day_gross();
        view.day_charges = portfolio.day_charges();
        view.day_net = portfolio.day_net();
        for (const Position& position : portfolio.open()) {
            const Instrument& instrument = prices.instruments().get(position.instrument);
            const bool own_price = position.levels.on_premium || position.underlying == position.instrument;
            view.positions.push_back(
                {instrument.symbol, position.side, position.quantity.units() / instrument.lot.units(),
                 instrument.lot.units(), position.entry_price, position.last_price, position.levels.stop,
                 own_price ? "" : prices.instruments().get(position.underlying).symbol, position.net()});
        }
        if (const Halt* halt = session_->halts().first())
            view.halt = std::string(name_of(halt->kind)) + ": " + halt->text;
        view.data = session_->bad_data();
        screen_->on_quotes(view);
    }

    Result<void> close_outputs() {
        if (screen_) screen_->finish();
        Result<void> first_error = journal_->flush();
        if (ledger_ && first_error) {
            ledger_->release(UINT64_MAX);
            first_error = ledger_->flush();
        }
        finish_backups();
        auto seal = journal_->close();
        if (seal) journal_sha256_ = seal->sha256;
        if (!seal && first_error) first_error = seal.error();
        return first_error;
    }

    // A script that is refused at its start traded nothing: its journal says no more than the error does. On paper the
    // store has the session, and the journal is what it can be rebuilt from.
    void discard_empty_run() const {
        std::error_code ignored;
        if (!journal_path_.empty()) fs::remove(journal_path_, ignored);
    }

    Result<void> report_incident() {
        if (!control_) return {};
        control_->detach();
        if (control_->killed()) finish_kill();
        auto page = control_->report();
        if (!page) return page.error();
        if (!page->empty()) fmt::print(stderr, "incident report: {}\n", *page);
        return {};
    }

    // The last steps are in the report and in the operator's log; the session's own trail has ended.
    void finish_kill() {
        control_->note(KillStep::connections_closed, true,
                       "feed, scripts, exchange and control socket are let go; the journal is sealed");
        const Incident incident = control_->incident();
        const std::string net = incident.day_net ? to_string(*incident.day_net) : "unknown";
        const std::string text = fmt::format("session {}: {}; day's net result {}; {}", name_, incident.result, net,
                                             (paths_.incidents() / (name_ + ".md")).string());
        const bool told = raise_alert(paths_, kCritical, incident.flat ? "killed_and_flat" : "killed_NOT_FLAT", text);
        control_->note(KillStep::operator_notified, told, told ? "on the terminal, in alerts.log" : "on the terminal");
        control_->note(KillStep::shutdown_complete, true, "exit code 4");
        if (auto logged = log_operator(paths_, "kill switch: shutdown complete: " + text); !logged)
            fmt::print(stderr, "note: {}\n", logged.error().message);
    }

    std::vector<std::string> flags() const {
        std::vector<std::string> flags;
        const auto source = session_->market().prices().vix().source;
        if (flags_.model_fill) flags.emplace_back("options priced by model (bs)");
        if (flags_.last_price_fill) flags.emplace_back("fills from last prices with a modelled spread");
        if (source == VixSource::daily) flags.emplace_back("INDIA VIX from its daily series");
        if (source == VixSource::chain) flags.emplace_back("VIX computed from the option chain");
        if (source == VixSource::realised) flags.emplace_back("VIX estimated from realised volatility");
        if (!flags_.bad_data.empty()) {
            std::string what;
            for (const auto& [name, count] : flags_.bad_data)
                what += fmt::format("{}{} {}", what.empty() ? "" : ", ", name, count);
            flags.push_back(fmt::format("market data was doubtful: {} (engine audit --kind quality)", what));
        }
        if (market_.rejected_rows > 0)
            flags.push_back(fmt::format("{} bad rows of the data skipped", market_.rejected_rows));
        return flags;
    }

    void show_result() {
        if (market_.late_notes) {
            for (const auto& note : market_.late_notes()) fmt::print(stderr, "note: {}\n", note);
        }
        for (const auto& flag : flags()) summary_->add_flag(flag);
        if (options_.json) {
            std::cout << to_json(document(), summary_->statistics());
        } else {
            SummaryStyle style;
            style.colour = colour_allowed(STDOUT_FILENO);
            style.width = terminal_width(STDOUT_FILENO);
            summary_->print(std::cout, style);
        }
        std::cout.flush();
    }

    RunDocument document() const {
        RunDocument document;
        document.mode = backtest() ? "backtest" : "paper";
        for (const auto& script : session_->scripts()) {
            const auto& declared = script->declaration();
            document.scripts.push_back({declared.name, declared.version, declared.sha256});
        }
        if (first_day_) document.from = format_date(*first_day_);
        if (last_day_) document.to = format_date(*last_day_);
        for (const InstrumentId id : session_->followed_instruments()) {
            document.symbols.push_back(session_->market().prices().instruments().get(id).symbol);
        }
        document.bars = session_->market().bars_seen();
        document.ticks = session_->market().ticks_seen();
        document.rejected_rows = market_.rejected_rows;
        document.flags = flags();
        document.events = events_;
        document.wall_seconds = wall_seconds_;
        document.peak_rss_mb = peak_rss_mb();
        document.journal_path = journal_path_;
        document.journal_sha256 = journal_sha256_;
        return document;
    }

    ExitCode exit_code() const {
        const SessionOutcome outcome = session_->outcome();
        if (outcome.script_quarantined)
            fmt::print(stderr, "engine: a script was quarantined: {}\n", outcome.script_error);
        if (outcome.killed) return ExitCode::halted;
        if (session_->halts().active(HaltKind::books_differ)) {
            fmt::print(stderr, "engine: {}\n", session_->halts().of(HaltKind::books_differ).text);
            return ExitCode::halted;
        }
        if (outcome.script_quarantined) return ExitCode::script;
        if (!backtest() && outcome.halted) return ExitCode::halted;
        return ExitCode::done;
    }

    RunOptions options_;
    Paths paths_;
    EngineSettings settings_;
    SessionOpening opening_;
    std::optional<InterruptedSession> interrupted_;  // that goes on
    bool exchange_goes_on_ = false;                  // with the books that it has of it
    MarketSource market_;
    double speed_ = 0;
    std::string name_, journal_path_, journal_sha256_;
    std::unique_ptr<JournalSink> journal_;
    std::unique_ptr<SessionSummary> summary_;
    std::unique_ptr<Ledger> ledger_;
    std::unique_ptr<BackupSchedule> backups_;
    FlagRecorder flags_;
    BooksLatch books_latch_{paths_};
    std::unique_ptr<ReconciliationReport> books_report_;
    RecorderFanOut recorders_;
    std::unique_ptr<ScriptHosting> scripts_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<SessionScreen> screen_;
    std::unique_ptr<Pacing> pacing_;           // hears signals until the result is shown: a late Ctrl-C loses nothing
    std::unique_ptr<SessionControl> control_;  // ends before what it talks to
    std::unique_ptr<ReloadDesk> reloads_;
    std::vector<ReloadSubject> subjects_;
    std::vector<uint64_t> kept_;  // of which state the desk was told last, by script
    std::vector<std::optional<std::string>> kept_entries_;
    uint64_t entries_revision_ = ~uint64_t(0);
    std::unique_ptr<Watchdog> watchdog_;
    bool watchdog_gone_ = false;
    bool watchdog_told_ = false;
    std::optional<Date> first_day_, last_day_;
    double wall_seconds_ = 0;
    uint64_t events_ = 0;
};

}  // namespace

Result<ExitCode> run_session(const RunOptions& options) { return SessionRun(options).run(); }

Result<ExitCode> run_command(const RunOptions& options) {
    if (options.mode == RunMode::live) {
        return make_error(ErrorCode::config,
                          "live trading needs a broker in the configuration, and there is none; run with --paper");
    }
    return run_session(options);
}

Result<ExitCode> backtest_command(const RunOptions& options) { return run_session(options); }

}  // namespace tide
