#include "app/health.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/engine_settings.hpp"
#include "app/script_files.hpp"
#include "bindings/lua_host.hpp"
#include "brokers/remote_exchange.hpp"
#include "journal/journal_reader.hpp"
#include "ledger/ledger_reader.hpp"
#include "market/calendar.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;
constexpr double kFreeDiskMin_mb = 500;  // a day of journal and store, several times over
constexpr double kExchangeWait_s = 2;
constexpr int kCalendarDaysAhead = 7;
constexpr int kCalendarDaysOpenMin = 1;

ReceiveTime wall_now() {
    return ReceiveTime(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

class Checkup {
  public:
    explicit Checkup(const HealthRequest& request) : request_(request), paths_(request.paths) {}

    std::vector<HealthCheck> run() {
        home();
        disk();
        clock();
        configuration();
        calendar();
        store();
        if (!request_.full) return checks_;
        audit();
        journal();
        left_open();
        scripts();
        return checks_;
    }

  private:
    void good(std::string name, std::string text) {
        checks_.push_back({std::move(name), HealthState::good, std::move(text)});
    }
    void warn(std::string name, std::string text) {
        checks_.push_back({std::move(name), HealthState::warning, std::move(text)});
    }
    void fail(std::string name, std::string text) {
        checks_.push_back({std::move(name), HealthState::failed, std::move(text)});
    }

    void home() {
        if (auto ready = prepare_home(paths_); !ready) return fail("home", ready.error().message);
        good("home", paths_.home.string() + " can be written");
    }

    void disk() {
        struct statvfs found {};
        if (::statvfs(paths_.home.c_str(), &found) != 0) return fail("disk", "free space is not known");
        const double free_mb = static_cast<double>(found.f_bavail) * static_cast<double>(found.f_frsize) / 1e6;
        const std::string text = fmt::format("{:.0f} MB free, {:.0f} MB needed", free_mb, kFreeDiskMin_mb);
        free_mb < kFreeDiskMin_mb ? fail("disk", text) : good("disk", text);
    }

    // Files of this home that lie in the future mean that the clock has gone back.
    void clock() {
        std::error_code ignored;
        const auto now = fs::file_time_type::clock::now();
        for (const auto& entry : fs::directory_iterator(paths_.journals(), ignored)) {
            if (entry.last_write_time(ignored) > now + std::chrono::minutes(2)) {
                return fail("clock", fmt::format("{} is from the future: the clock has gone back",
                                                 entry.path().filename().string()));
            }
        }
        timex state{};
        if (::adjtimex(&state) == TIME_ERROR)
            return warn("clock", "the kernel does not know that the clock is synchronised (NTP)");
        good("clock", wall_clock_text());
    }

    void configuration() {
        EngineSettings settings;
        const std::string file = request_.config_file.empty() ? paths_.config_file().string() : request_.config_file;
        if (auto read = settings.read_file(file); !read) return fail("config", read.error().message);
        good("config", file + " is valid");
    }

    void calendar() {
        auto calendar = TradingCalendar::load(paths_.calendars());
        if (!calendar) return fail("calendar", calendar.error().message);
        const Date today = ist_date(wall_now());
        int open = 0;
        for (int ahead = 0; ahead < kCalendarDaysAhead; ++ahead) {
            auto day = calendar->day("NSE", today + std::chrono::days(ahead));
            if (!day) return fail("calendar", day.error().message);
            open += day->has_value();
        }
        const std::string text = fmt::format("{} trading day(s) in the next {}", open, kCalendarDaysAhead);
        open < kCalendarDaysOpenMin ? warn("calendar", text) : good("calendar", text);
    }

    void store() {
        auto ledger = LedgerReader::open(paths_.ledger().string());
        if (!ledger && ledger.error().code == ErrorCode::not_found) return good("store", "no session yet");
        if (!ledger) return fail("store", ledger.error().message);
        auto sessions = ledger->sessions();
        if (!sessions) return fail("store", sessions.error().message);
        good("store", fmt::format("{} session(s)", sessions->size()));
        if (!sessions->empty()) last_ = sessions->back();
        ledger_.emplace(std::move(*ledger));
    }

    void audit() {
        if (!ledger_) return good("audit", "nothing to verify");
        auto verdict = ledger_->verify_audit();
        if (!verdict) return fail("audit", verdict.error().message);
        for (const auto& session : verdict->sessions) {
            if (!session.bad_row) continue;
            return fail("audit",
                        fmt::format("session {} row {}: {}", session.session_id, *session.bad_row, session.problem));
        }
        good("audit", "every row is linked to the one before it");
    }

    // An interrupted journal is cut at its last whole record and its rows brought into the store by `recover`.
    void journal() {
        if (!last_) return good("journal", "no session yet");
        const auto path = paths_.journals() / (last_->session_id + ".journal");
        std::error_code ignored;
        if (!fs::exists(path, ignored)) return good("journal", "the last session kept none");
        auto reader = JournalReader::open(path.string());
        if (!reader) return fail("journal", reader.error().message);
        JournalRecord record;
        for (;;) {
            auto more = reader->next(record);
            if (!more && reader->damage() && reader->damage()->torn_tail) break;
            if (!more) return fail("journal", more.error().message);
            if (!*more) break;
            if (record.is_output() && std::holds_alternative<SessionEnd>(record.output.payload))
                return good("journal", path.filename().string() + " is complete");
        }
        if (incident_says_flat())
            return warn("journal", path.filename().string() + " ends where the engine was stopped; see its incident");
        warn("journal", path.filename().string() + " was interrupted; 'engine recover' completes the store");
    }

    // The watchdog closes what an engine has left; its report says so.
    bool incident_says_flat() const {
        std::ifstream file(paths_.incidents() / (last_->session_id + ".json"));
        const auto incident = nlohmann::json::parse(file, nullptr, false);
        return incident.is_object() && incident.value("flat", nlohmann::json()) == true;
    }

    void left_open() {
        if (!ledger_ || !last_) return good("left_open", "no session yet");
        PositionFilter positions;
        positions.session = last_->session_id;
        RowFilter orders;
        orders.session = last_->session_id;
        auto open = ledger_->positions(positions);
        if (!open) return fail("left_open", open.error().message);
        auto all = ledger_->orders(orders);
        if (!all) return fail("left_open", all.error().message);
        const auto unknown =
            std::count_if(all->begin(), all->end(), [](const OrderRow& o) { return o.state == "unknown"; });
        const std::string text = fmt::format("{} position(s) open, {} order(s) of unknown outcome in {}", open->size(),
                                             unknown, last_->session_id);
        if (auto exchange = RemoteExchange::connect(paths_.exchange_socket(), WireRole::reader, "", kExchangeWait_s)) {
            const auto books = (*exchange)->books();
            if (books && !books->flat())
                return fail("left_open", "the paper exchange's books are not empty: engine paper-exchange --show");
        }
        if (open->empty() && unknown == 0) return good("left_open", text);
        if (incident_says_flat()) return good("left_open", text + "; closed and verified, says its incident report");
        if (last_->mode == "paper")
            return warn("left_open", text + "; they ended with the session's own paper exchange");
        fail("left_open", text + "; compare with the broker's books");
    }

    void scripts() {
        if (auto fit = LuaHost::self_test(); !fit) return fail("scripts", fit.error().message);
        std::vector<std::string> files;
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(paths_.resources / "strategies", ignored)) {
            if (entry.path().extension() == ".lua" && entry.path().stem().string().find("_test") == std::string::npos)
                files.push_back(entry.path().string());
        }
        std::sort(files.begin(), files.end());
        for (const auto& file : files) {
            auto bundles = read_scripts(paths_, {file}, {});
            if (!bundles) return fail("scripts", bundles.error().message);
            for (const auto& bundle : *bundles) {
                if (auto checked = check_script(bundle); !checked) return fail("scripts", checked.error().message);
            }
        }
        good("scripts", fmt::format("{} strategies load", files.size()));
    }

    const HealthRequest& request_;
    const Paths& paths_;
    std::vector<HealthCheck> checks_;
    std::optional<LedgerReader> ledger_;
    std::optional<SessionRow> last_;
};

std::string_view name_of(HealthState state) {
    static constexpr std::string_view kNames[] = {"good", "warning", "failed"};
    return kNames[static_cast<size_t>(state)];
}

}  // namespace

std::vector<HealthCheck> check_health(const HealthRequest& request) { return Checkup(request).run(); }

std::string wall_clock_text() { return format_iso(std::chrono::floor<seconds>(wall_now())); }

Result<ExitCode> health_check_command(const HealthOptions& options) {
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    const auto checks = check_health({*paths, options.config_file, options.full});
    const bool healthy =
        std::none_of(checks.begin(), checks.end(), [](const auto& c) { return c.state == HealthState::failed; });
    if (options.json) {
        auto list = nlohmann::ordered_json::array();
        for (const auto& check : checks) {
            list.push_back({{"check", check.name}, {"state", name_of(check.state)}, {"text", check.text}});
        }
        std::cout << nlohmann::ordered_json{{"schema_version", 1}, {"healthy", healthy}, {"checks", list}}.dump(2)
                  << "\n";
    } else {
        for (const auto& check : checks) fmt::print("{:<10} {:<8} {}\n", check.name, name_of(check.state), check.text);
    }
    return healthy ? ExitCode::done : ExitCode::does_not_hold;
}

}  // namespace tide
