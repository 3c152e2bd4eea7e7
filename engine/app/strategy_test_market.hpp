#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/paths.hpp"
#include "app/strategy_test_session.hpp"
#include "bindings/test_file.hpp"
#include "market/calendar.hpp"
#include "market/charge_rates.hpp"
#include "market/contract_rules.hpp"

namespace tide {

// What every scripted market looks at: read once.
struct TestTables {
    Paths paths;
    TradingCalendar calendar;
    ContractRules rules;
    std::string config_text;  // canonical
    std::vector<ChargeRateRow> charges;

    static Result<TestTables> load(const Paths& paths);
};

// One scripted_market { … } of a test.
class StrategyTestMarket {
  public:
    // `folder`: the test file's; scripts are looked for there first, then in strategies/.
    static Result<std::unique_ptr<StrategyTestMarket>> open(const TestTables& tables,
                                                            const std::filesystem::path& folder, const TestValue& spec);
    Result<TestValue> act(std::string_view operation, const TestValue& argument);

  private:
    using Action = Result<TestValue> (StrategyTestMarket::*)(const TestValue& argument);
    static const std::map<std::string_view, Action>& actions();

    StrategyTestMarket(const TestTables& tables, std::filesystem::path folder)
        : tables_(tables), folder_(std::move(folder)) {}
    Result<void> prepare(const TestValue& spec);
    Result<void> read_settings(const TestValue& spec);
    Result<void> read_prices(const TestValue& spec);
    Result<void> read_history(const TestValue& spec, std::map<std::string, Price>& prices);
    Result<ReceiveTime> read_start(const TestValue& spec) const;
    // Of one strategy, with parameters as the test gave them.
    Result<std::vector<ScriptBundle>> read_script(const std::string& script) const;
    Result<void> advance(ReceiveTime until);
    Result<std::string> symbol_or_only(const std::string& who, std::optional<std::string> given) const;
    Result<void> play_bars(const std::string& who, const std::vector<TestValue>& bars, const TestValue& common);

    Result<TestValue> bar(const TestValue& argument);
    Result<TestValue> bars(const TestValue& argument);
    Result<TestValue> tick(const TestValue& argument);
    Result<TestValue> chain(const TestValue& argument);
    Result<void> fixed_quotes(const std::string& underlying, std::optional<Date> expiry, const TestValue& rows);
    Result<TestValue> vix(const TestValue& argument);
    Result<TestValue> at_time(const TestValue& argument);
    Result<TestValue> wait(const TestValue& argument);
    Result<TestValue> next_day(const TestValue& argument);
    Result<TestValue> drop_ack(const TestValue& argument);
    Result<TestValue> reject(const TestValue& argument);
    Result<TestValue> partial_fill(const TestValue& argument);
    Result<TestValue> delay(const TestValue& argument);
    Result<TestValue> feed_down(const TestValue& argument);
    Result<TestValue> feed_up(const TestValue& argument);
    Result<TestValue> reload(const TestValue& argument);
    Result<TestValue> restart(const TestValue& argument);
    Result<TestValue> time(const TestValue& argument);
    Result<TestValue> price(const TestValue& argument);

    const TestTables& tables_;
    std::filesystem::path folder_;
    EngineSettings settings_;
    std::vector<std::string> parameters_;  // "name=value"
    std::unique_ptr<ScriptedTape> tape_;
    std::unique_ptr<StrategyTestSession> session_;
};

// The markets of a test file.
class StrategyTestMarkets final : public TestMarkets {
  public:
    StrategyTestMarkets(const TestTables& tables, std::filesystem::path folder)
        : tables_(tables), folder_(std::move(folder)) {}
    Result<TestValue> open(const TestValue& spec) override;
    Result<TestValue> act(size_t market, std::string_view operation, const TestValue& argument) override;
    void reset() override { markets_.clear(); }

  private:
    const TestTables& tables_;
    std::filesystem::path folder_;
    std::vector<std::unique_ptr<StrategyTestMarket>> markets_;
};

}  // namespace tide
