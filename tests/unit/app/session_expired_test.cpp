#include <gtest/gtest.h>

#include <filesystem>

#include "../session/session_fixture.hpp"
#include "app/session_driver.hpp"
#include "brokers/paper_broker.hpp"
#include "journal/journal_writer.hpp"
#include "ops/incident_report.hpp"

// The one automatic trigger that no feed and no setting can bring about in a whole process: the broker's session ends.
// Everything below the process is real: driver, journal, session, paper exchange, incident report.
namespace tide {
namespace {

// Ten minutes of a morning; in the sixth the broker's session ends.
class MorningWithoutALogin final : public Feed {
  public:
    MorningWithoutALogin() {
        const ReceiveTime open = at(kDay, hours(10));
        const auto add = [this](ReceiveTime time, EventPayload payload) {
            events_.push_back({0, time, {}, std::move(payload)});
        };
        const auto instrument = [](InstrumentId id, const char* symbol, InstrumentKind kind) {
            Instrument made;
            made.id = id;
            made.symbol = symbol;
            made.kind = kind;
            return made;
        };
        add(open, InstrumentEvent{instrument(kNifty, "NIFTY", InstrumentKind::index)});
        add(open, InstrumentEvent{instrument(kBankNifty, "BANKNIFTY", InstrumentKind::index)});
        add(open, InstrumentEvent{instrument(kVix, "INDIAVIX", InstrumentKind::volatility_index)});
        Instrument option = instrument(kCall, "NIFTY 2024-01-25 21500 CE", InstrumentKind::option);
        option.right = OptionRight::call;
        option.underlying = kNifty;
        option.expiry = make_date(2024, 1, 25);
        option.strike = Price::from_rupees(21'500);
        option.lot = Quantity(50);
        option.freeze = Quantity(1800);
        add(open, InstrumentEvent{option});
        TradingDayEvent day;
        day.date = kDay;
        day.session_count = 1;
        day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
        day.calendar = "NSE";
        add(open, day);
        for (int second = 0; second < 600; ++second) {
            const ReceiveTime now = open + seconds(second);
            if (second == 330)
                add(now, ServiceStatusEvent{Service::broker_session, ServiceState::down, ReceiveTime(), "token"});
            TickEvent tick;
            tick.instrument = kVix;
            tick.last = Price::from_rupees(14);
            add(now, tick);
            tick.instrument = kNifty;
            tick.last = Price::from_rupees(21'500 + second % 7);
            add(now, tick);
            tick.instrument = kCall;
            tick.flags = kTickHasBid | kTickHasAsk | kTickHasOi;
            tick.bid = Price::from_rupees(100 + second % 5);
            tick.ask = tick.bid + Price::from_double(0.5);
            tick.last = tick.bid;
            tick.oi = 100'000;
            add(now, tick);
        }
    }
    Result<bool> next(Event& event) override {
        if (at_ == events_.size()) return false;
        event = events_[at_++];
        return true;
    }
    std::string describe() const override { return "a morning without a login"; }

  private:
    std::vector<Event> events_;
    size_t at_ = 0;
};

class Rows final : public Recorder {
  public:
    void record(const Record& record) override {
        if (incidents != nullptr) incidents->record(record);
        text += record.text + "\n";
    }
    IncidentRecorder* incidents = nullptr;
    std::string text;
};

TEST(SessionExpired, closes_verifies_latches_and_reports_through_the_whole_driver) {
    ScriptedHost host;
    host.declaration.name = "test";
    host.declaration.version = "1.0.0";
    host.declaration.sha256 = std::string(64, 'a');
    host.declaration.symbols = {"NIFTY"};
    host.declaration.timeframes = {Timeframe::m1};
    host.declaration.define(ScriptCallback::bar);
    host.bar = [&host](const BarMessage&, CallbackOutput& output) {
        if (!host.services->positions(StrategyId(1)).empty()) return CallbackResult{};
        Intent intent;
        intent.kind = IntentKind::enter;
        intent.instrument = kCall;
        intent.lots = 1;
        intent.stop_pct = 1;
        intent.why = "test";
        output.intents.push_back(intent);
        return CallbackResult{};
    };
    const auto path = std::filesystem::temp_directory_path() / ("expired-" + std::to_string(::getpid()) + ".journal");
    auto journal = JournalWriter::create(path.string(), {"build", "paper"});
    ASSERT_TRUE(journal) << journal.error().message;
    MorningWithoutALogin feed;
    const PaperSettings paper;
    PaperBroker exchange(paper);
    JournalledLink link(exchange, true);
    link.attach(**journal);
    SessionConfig config;
    Rows rows;
    Session session(config, host, link, rows);
    IncidentRecorder incidents([&] { return snapshot_of(session, "expired", "test"); });
    rows.incidents = &incidents;
    int latches = 0;
    SessionDriver driver({feed, exchange, link, session, **journal, nullptr, nullptr, nullptr,
                          [&]() -> Result<void> {
                              ++latches;
                              incidents.note(KillStep::latched, true, "test");
                              return {};
                          },
                          nullptr, true, nullptr,
                          [&] {
                              std::vector<std::pair<std::string, std::string>> words;
                              for (const auto& step : incidents.steps())
                                  words.emplace_back(step_words(step, false), step.text);
                              return words;
                          }});
    SessionOpening opening;
    opening.config_text = "test = 1";
    for (const char* item : {"brokerage", "stt", "exchange", "sebi", "stamp", "gst", "ipft"}) {
        ChargeRateRow row;
        row.item = item;
        row.exchange = "*";
        row.kind = InstrumentKind::option;
        row.side = "both";
        row.rounding = "none";
        row.base = std::string_view(item) == "gst" ? "brokerage" : "turnover";
        row.from = make_date(2000, 1, 1);
        row.to = make_date(2100, 1, 1);
        opening.charges.push_back(row);
    }
    opening.scripts.push_back({"test", "", {}, "", 0, StrategyId(1)});
    const auto ran = driver.run(opening);
    ASSERT_TRUE(ran) << ran.error().message;

    const Incident incident = incidents.finish(snapshot_of(session, "expired", "test"));
    EXPECT_EQ(latches, 1);
    EXPECT_TRUE(session.halts().killed());
    EXPECT_TRUE(session.flat());
    EXPECT_EQ(incident.trigger, "session_expired");
    EXPECT_EQ(incident.reason, "token");
    EXPECT_TRUE(incident.flat);
    EXPECT_EQ(incident.verified, true);
    EXPECT_EQ(incident.before.positions.size(), 1U);
    ASSERT_EQ(incident.closes.size(), 1U);
    for (const auto& step : incident.steps) EXPECT_TRUE(step.in_time()) << name_of(step.step) << " " << step.text;
    size_t at = rows.text.find("step=save_state");
    for (const char* step : {"entries_stopped", "latched", "cancels_confirmed", "positions_closed", "verified_flat"}) {
        at = rows.text.find(std::string("step=") + step + ";", at);
        EXPECT_NE(at, std::string::npos) << step;
    }
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace tide
