#include "app/session_bars.hpp"

#include <algorithm>
#include <fstream>

#include "barstore/series_folder.hpp"
#include "barstore/tick_file.hpp"
#include "journal/journal_reader.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

constexpr size_t kBarsKept = 64;  // nothing looks back here
constexpr Duration kDayEndAfterClose = minutes(1);

bool is_stored(Timeframe timeframe) {
    return timeframe == Timeframe::m1 || timeframe == Timeframe::m5 || timeframe == Timeframe::m15 ||
           timeframe == Timeframe::h1 || timeframe == Timeframe::d1;
}

bool is_of_market(const Event& event) {
    return std::holds_alternative<ConfigEvent>(event.payload) || std::holds_alternative<TickEvent>(event.payload) ||
           std::holds_alternative<BarEvent>(event.payload) || std::holds_alternative<InstrumentEvent>(event.payload) ||
           std::holds_alternative<TradingDayEvent>(event.payload) || std::holds_alternative<DayEndEvent>(event.payload);
}

bool says_synthetic(std::string_view configuration) {
    return configuration.find("session.synthetic_market = true") != std::string_view::npos;
}

// Rows of tick files as events of a session.
class TickEvents {
  public:
    TickEvents(const CalendarLookup& calendar, SessionBars& bars) : calendar_(calendar), bars_(bars) {}
    InstrumentId instrument(const SeriesName& name);
    void add(const TickFileRow& row, InstrumentId id) { rows_.push_back({row.received, row.exchange, row.tick, id}); }
    void play();

  private:
    struct Row {
        ReceiveTime received;
        ExchangeTime exchange;
        TickEvent tick;
        InstrumentId id;
    };
    void give(ReceiveTime received, EventPayload payload, ExchangeTime exchange = {});
    void end_day();
    void start_day(Date date);

    const CalendarLookup& calendar_;
    SessionBars& bars_;
    std::map<std::string, InstrumentId> ids_;
    std::vector<Row> rows_;
    ReceiveTime latest_;
    std::optional<Date> date_;
    Duration close_{0};
};

void TickEvents::give(ReceiveTime received, EventPayload payload, ExchangeTime exchange) {
    Event event;
    event.received = received;
    event.exchange = exchange;
    event.payload = std::move(payload);
    bars_.on_event(event);
}

InstrumentId TickEvents::instrument(const SeriesName& name) {
    if (const auto known = ids_.find(name.symbol); known != ids_.end()) return known->second;
    Instrument instrument;
    instrument.symbol = name.symbol;
    if (name.option) {
        instrument.kind = InstrumentKind::option;
        instrument.underlying = this->instrument(series_name_of(name.underlying));
        instrument.expiry = name.option->expiry;
        instrument.strike = name.option->strike;
        instrument.right = name.option->right;
    } else if (name.symbol == "INDIAVIX") {
        instrument.kind = InstrumentKind::volatility_index;
    }
    instrument.id = InstrumentId(static_cast<uint32_t>(ids_.size() + 1));
    ids_.emplace(name.symbol, instrument.id);
    give({}, InstrumentEvent{instrument});
    return instrument.id;
}

void TickEvents::end_day() {
    if (!date_) return;
    give(std::max(latest_, at(*date_, close_ + kDayEndAfterClose)), DayEndEvent{*date_});
}

void TickEvents::start_day(Date date) {
    end_day();
    date_ = date;
    TradingDayEvent day;
    day.date = date;
    day.calendar = "NSE";
    for (const SessionHours& hours : calendar_(date).sessions) {
        if (day.session_count == day.sessions.size()) break;
        day.sessions[day.session_count++] = hours;
        close_ = hours.close;
    }
    give(at(date, Duration(0)), day);
}

void TickEvents::play() {
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.received < b.received; });
    for (Row& row : rows_) {
        const Date date = ist_date(row.received);
        if (!date_ || date > *date_) start_day(date);
        latest_ = row.received;
        row.tick.instrument = row.id;
        give(row.received, row.tick, row.exchange);
    }
    end_day();
}

}  // namespace

SessionBars::SessionBars() : market_(kBarsKept, settings_.session.data, settings_.session.volatility) {}

void SessionBars::on_event(const Event& event) {
    // A journal of other settings than this build knows is read with those it shares.
    if (const auto* config = std::get_if<ConfigEvent>(&event.payload)) (void)settings_.read_text(config->text);
    market_.look_at_data(event.received);
    market_.on_time(event.received);
    market_.on_event(event);
    for (const Bar& bar : market_.closed()) keep(bar);
    market_.take_closed();
}

void SessionBars::keep(const Bar& bar) {
    const bool made_up =
        (bar.flags & kBarModelPrice) != 0 || (bar.timeframe == Timeframe::m1 && (bar.flags & kBarGapFilled) != 0);
    if (!is_stored(bar.timeframe) || bar.is_history() || made_up) return;
    const InstrumentBook& book = market_.prices().instruments();
    const Instrument& instrument = book.get(bar.instrument);
    BarSeriesData& series = series_[{instrument.symbol, bar.timeframe}];
    if (series.bars.empty()) {
        series.name = {instrument.symbol, {}, {}};
        series.timeframe = bar.timeframe;
        if (const Instrument* underlying = book.find(instrument.underlying);
            instrument.is_option() && underlying != nullptr) {
            series.name.underlying = underlying->symbol;
            series.name.option = OptionTerm{*instrument.expiry, instrument.strike, instrument.right};
        }
    }
    series.bars.push_back(bar);
}

std::vector<BarSeriesData> SessionBars::take(bool synthetic) {
    std::vector<BarSeriesData> taken;
    for (auto& [key, series] : series_) {
        series.synthetic = synthetic;
        taken.push_back(std::move(series));
    }
    series_.clear();
    return taken;
}

bool is_journal(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string start(kJournalMagic.size(), '\0');
    in.read(start.data(), static_cast<std::streamsize>(start.size()));
    return in.gcount() == static_cast<std::streamsize>(start.size()) && start == kJournalMagic;
}

Result<JournalMarket> read_journal_market(const fs::path& journal, const std::function<void(const Event&)>& handle,
                                          const ProgressReport& progress) {
    auto reader = JournalReader::open(journal.string());
    if (!reader) return reader.error();
    JournalMarket market;
    JournalRecord record;
    for (;;) {
        const auto more = reader->next(record);
        if (!more && reader->damage() && reader->damage()->torn_tail) break;
        if (!more) {
            Error error = more.error();
            error.message = journal.string() + ": " + error.message;
            return error;
        }
        if (!*more) break;
        if (progress && reader->records() % 4096 == 0)
            progress(static_cast<double>(reader->offset()) / static_cast<double>(reader->file_bytes()));
        if (record.is_output()) {
            market.complete |= std::holds_alternative<SessionEnd>(record.output.payload);
            continue;
        }
        if (const auto* config = std::get_if<ConfigEvent>(&record.event.payload))
            market.synthetic = says_synthetic(config->text);
        if (std::holds_alternative<TickEvent>(record.event.payload)) ++market.ticks;
        if (const auto* day = std::get_if<TradingDayEvent>(&record.event.payload); day != nullptr && !day->history) {
            if (!market.first_day) market.first_day = day->date;
            market.last_day = day->date;
        }
        if (is_of_market(record.event)) handle(record.event);
    }
    return market;
}

Result<TickFilesRead> read_tick_files(const std::vector<fs::path>& files, const CalendarLookup& calendar,
                                      SessionBars& bars) {
    TickFilesRead read;
    TickEvents events(calendar, bars);
    for (const auto& file : files) {
        auto reader = TickFileReader::open(file);
        if (!reader) return reader.error();
        std::vector<InstrumentId> ids;  // by the file's series
        TickFileRow row;
        for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
            if (status == RowStatus::bad) {
                ++read.rejected_count;
                if (read.rejected.size() < DataSet::kRejectedKept)
                    read.rejected.push_back({reader->name(), reader->line_number(), reader->problem()});
                continue;
            }
            ++read.accepted_count;
            while (ids.size() < reader->series().size()) ids.push_back(events.instrument(reader->series()[ids.size()]));
            events.add(row, ids[static_cast<size_t>(row.series)]);
        }
        if (auto status = reader->status(); !status) return status.error();
    }
    events.play();
    return read;
}

}  // namespace tide
