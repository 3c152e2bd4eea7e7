#include <sstream>

#include "app/bars_manifest.hpp"
#include "barstore/bar_file.hpp"
#include "barstore/chain_file.hpp"
#include "barstore/data_set.hpp"
#include "barstore/json_bars.hpp"
#include "barstore/master_file.hpp"
#include "barstore/tick_file.hpp"
#include "core/assert.hpp"
#include "market/greeks_csv.hpp"
#include "scratch_file.hpp"
#include "targets.hpp"

namespace tide::fuzz {
namespace {

void read_all_bars(const std::filesystem::path& file) {
    auto reader = BarFileReader::open(file);
    if (!reader) return;
    BarFileRow row;
    for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
        if (status == RowStatus::bad) {
            TIDE_ASSERT(!reader->problem().empty());
            continue;
        }
        TIDE_ASSERT(row.bar.consistent() && row.bar.volume >= 0 && row.bar.oi >= 0);
        TIDE_ASSERT(static_cast<size_t>(row.series) < reader->series().size());
    }
}

void read_all_ticks(const std::filesystem::path& file) {
    auto reader = TickFileReader::open(file);
    if (!reader) return;
    TickFileRow row;
    for (RowStatus status = reader->next(row); status != RowStatus::end; status = reader->next(row)) {
        if (status == RowStatus::bad) {
            TIDE_ASSERT(!reader->problem().empty());
            continue;
        }
        const TickEvent& tick = row.tick;
        TIDE_ASSERT(static_cast<size_t>(row.series) < reader->series().size());
        TIDE_ASSERT(tick.last >= Price() && tick.volume >= 0 && tick.oi >= 0);
        TIDE_ASSERT(!tick.has(kTickHasBid) || tick.bid.positive());
        TIDE_ASSERT(!tick.has(kTickHasAsk) || tick.ask.positive());
    }
}

bool same(const BarSeriesData& a, const BarSeriesData& b) { return json_bars_text(a) == json_bars_text(b); }

// Our own file says what was read.
void check_kept(const BarSeriesData& series) {
    const auto again = read_json_bars(scratch_file("again.json", json_bars_text(series)));
    TIDE_ASSERT(again && same(series, *again) && again->bars.size() == series.bars.size());
}

}  // namespace

void bars_csv(std::string_view bytes) {
    read_all_bars(scratch_file("NIFTY_1m.csv", bytes));
    const auto unnamed = scratch_file("prices.csv", bytes);
    read_all_bars(unnamed);
    const auto data = read_bars({unnamed}, ReadOptions{true});
    if (!data) return;
    for (const BarSeriesData& series : data->series) {
        TIDE_ASSERT(!series.bars.empty());
        check_kept(series);
    }
}

void ticks_csv(std::string_view bytes) { read_all_ticks(scratch_file("NIFTY_ticks.csv", bytes)); }
void ticks_ndjson(std::string_view bytes) { read_all_ticks(scratch_file("NIFTY_ticks.ndjson", bytes)); }

void bars_json(std::string_view bytes) {
    const auto series = read_json_bars(scratch_file("NIFTY_1m.json", bytes));
    if (series) check_kept(*series);
    // Without a name to go by, as well: the unversioned form is told by its first bar.
    const auto unnamed = parse_json_bars(bytes, "bytes", {"NIFTY", std::nullopt});
    if (unnamed) check_kept(unnamed->series);
}

// Every row that is kept is found again by what it is and by its number, and expired ones are gone when asked.
void contract_master(std::string_view bytes) {
    const auto path = scratch_file("master", bytes);
    const auto file = read_contract_master(path);
    if (!file) return;
    const MasterReport& report = file->report;
    const auto& rows = file->master.rows();
    TIDE_ASSERT(!rows.empty() && report.kept == static_cast<int64_t>(rows.size()));
    TIDE_ASSERT(report.kept + report.elsewhere + report.duplicates + report.clashes + report.bad == report.rows);
    for (const ListedContract& row : rows) {
        TIDE_ASSERT(!row.key.underlying.empty() && row.lot.units() >= 0 && row.tick >= Price());
        TIDE_ASSERT(file->master.find(row.key, row.valid_from) == &row);
        const ListedContract* same = file->master.find_token(row.segment, row.token, row.valid_from);
        TIDE_ASSERT(row.token.empty() || same == &row);
    }
    MasterOptions later;
    later.on = make_date(2026, 7, 1);
    if (const auto current = read_contract_master(path, later)) {
        for (const ListedContract& row : current->master.rows())
            TIDE_ASSERT(!row.key.expiry || *row.key.expiry >= *later.on);
    }
}

void greeks_rows(std::string_view bytes) {
    std::istringstream in{std::string(bytes)};
    std::ostringstream out;
    if (!greeks_csv(in, out)) return;
    const std::string answers = std::move(out).str();
    TIDE_ASSERT(answers.find("nan") == std::string::npos || bytes.find_first_of("nN") != std::string_view::npos);
}

// Every contract once, sorted, none expired; a moment earlier shows no more than the end.
void option_chain(std::string_view bytes) {
    const auto path = scratch_file("NIFTY_chain.csv", bytes);
    static_cast<void>(read_chain(path, std::nullopt, false).has_value());
    const auto chain = read_chain(path, std::nullopt, true);
    if (!chain) return;
    TIDE_ASSERT(chain->bad_rows >= 0 && !chain->underlying.empty());
    for (const RecordedExpiry& expiry : chain->expiries) {
        TIDE_ASSERT(expiry.expiry >= ist_date(chain->at) && !expiry.quotes.empty());
        for (size_t i = 0; i < expiry.quotes.size(); ++i) {
            const ChainQuote& quote = expiry.quotes[i];
            TIDE_ASSERT(quote.age_s >= 0);
            if (i == 0) continue;
            const ChainQuote& before = expiry.quotes[i - 1];
            TIDE_ASSERT(before.strike < quote.strike || (before.strike == quote.strike && before.right < quote.right));
        }
    }
    const auto earlier = read_chain(path, chain->at - minutes(1), true);
    if (earlier) TIDE_ASSERT(earlier->expiries.size() <= chain->expiries.size());
}

void bars_manifest(std::string_view bytes) {
    const auto files = parse_bars_manifest(bytes, "manifest");
    if (!files) return;
    const auto again = parse_bars_manifest(bars_manifest_text(*files, ReceiveTime()), "manifest");
    TIDE_ASSERT(again && again->size() == files->size());
    for (size_t i = 0; i < files->size(); ++i)
        TIDE_ASSERT((*again)[i].path == (*files)[i].path && (*again)[i].sha256 == (*files)[i].sha256);
}

}  // namespace tide::fuzz
