#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/paths.hpp"
#include "app/run_options.hpp"
#include "barstore/bar_file.hpp"
#include "feeds/feed.hpp"
#include "feeds/feed_switch.hpp"
#include "feeds/replay_feed.hpp"
#include "market/calendar.hpp"
#include "market/contract_master.hpp"
#include "market/contract_rules.hpp"
#include "market/data_quality_settings.hpp"

namespace tide {

// A feed with what a person and a report should know about it.
struct MarketSource {
    std::unique_ptr<TradingCalendar> calendar;  // what the feed looks at
    std::unique_ptr<ContractRules> rules;
    std::unique_ptr<ContractMaster> master;  // null: none was named
    std::unique_ptr<Feed> plain_feed;        // with a master: the feed without its terms
    std::unique_ptr<Feed> feed;
    bool over_history = false;       // recorded prices
    bool synthetic = false;          // made-up prices
    double default_speed = 0;        // what a person would enjoy watching; 0 = max
    int64_t rejected_rows = 0;       // with --lenient
    std::vector<std::string> notes;  // about the data, for stderr
    // What only shows itself while the feed runs: dropped bars, days taken from the data.
    std::function<std::vector<std::string>()> late_notes;
    std::vector<MarketSource> parts;  // of more than one feed: what each of them looks at
};

// Which kind of thing a symbol of a data file is: an index with contract rules, the VIX, a future by its name, else a
// share.
ReplayKey replay_key(const SeriesName& name, const ContractRules& rules);

// Opens what --feed, --data and --history name. The switch's settings must outlive the feed.
Result<MarketSource> open_market(const RunOptions& options, const Paths& paths, const DataQualitySettings& data,
                                 const FeedSwitchSettings& feeds);

}  // namespace tide
