#include "app/script_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/lua_host.hpp"
#include "bindings/script_bundle.hpp"
#include "core/settings.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

// Services for a script that is only looked at: there is no market.
class NoServices final : public StrategyServices {
  public:
    int64_t now_ns() const override { return 0; }
    Result<IndicatorInfo> indicator(StrategyId, std::string_view, Timeframe, std::string_view,
                                    std::span<const double>) override {
        return make_error(ErrorCode::script, "no market here");
    }
    std::optional<Timeframe> activity_frame(const ActivitySpec& spec, bool declare) override {
        return declare ? frames_.place(spec) : frames_.find(spec);
    }
    double indicator_history(int32_t, size_t, size_t) const override { return kMissing; }
    size_t bar_count(StrategyId, int32_t, Timeframe) const override { return 0; }
    BarMessage bar(StrategyId, int32_t, Timeframe, size_t) const override { return {}; }
    Result<ChainSnapshot> chain(std::string_view, std::string_view, int64_t, int64_t) const override {
        return make_error(ErrorCode::script, "no market here");
    }
    VixMessage vix() const override { return {}; }
    QualityMessage quality(std::string_view) const override { return {}; }
    GapMessage opening_gap(std::string_view) const override { return {}; }
    AccountMessage account(StrategyId) const override { return {}; }
    std::vector<PositionMessage> positions(StrategyId) const override { return {}; }
    double last_price(std::string_view) const override { return kMissing; }
    std::string_view phase() const override { return "closed"; }
    std::optional<Refusal> precheck(const Intent&) const override { return Refusal{"market_closed", "no market here"}; }
    InstrumentId find_instrument(std::string_view) const override { return {}; }

  private:
    ActivityFrames frames_;
};

std::string nearest_script(const fs::path& folder, const std::string& name) {
    std::vector<std::string> present;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().extension() == ".lua") present.push_back(entry.path().filename().string());
    }
    std::sort(present.begin(), present.end());
    const std::string near = nearest_word(name, present);
    if (!near.empty()) return fmt::format("; did you mean '{}'?", near);
    return present.empty() ? "" : fmt::format("; there are: {}", fmt::join(present, ", "));
}

}  // namespace

Result<fs::path> find_script(const Paths& paths, const std::string& name) {
    const fs::path given(name);
    const bool bare = !given.has_parent_path();
    const fs::path folder = bare ? paths.resources / "strategies" : given.parent_path();
    for (const std::string& file : {given.filename().string(), given.filename().string() + ".lua"}) {
        std::error_code ignored;
        if (fs::is_regular_file(folder / file, ignored)) return folder / file;
    }
    std::error_code ignored;
    if (bare && (fs::is_regular_file(given, ignored) || fs::is_regular_file(name + ".lua", ignored))) {
        return make_error(ErrorCode::usage, fmt::format("script '{}' not found in {}; the one in this folder is ./{}",
                                                        name, folder.string(), name));
    }
    return make_error(ErrorCode::usage, fmt::format("script '{}' not found in {}{}", name, folder.string(),
                                                    nearest_script(folder, given.filename().string())));
}

Result<std::vector<ScriptBundle>> read_scripts(const Paths& paths, const std::vector<std::string>& names,
                                               const std::vector<std::string>& parameters) {
    std::string lines;
    for (const auto& parameter : parameters) {
        if (parameter.find('=') == std::string::npos) {
            return make_error(ErrorCode::usage, fmt::format("--param {}: expected name=value", parameter));
        }
        lines += parameter + "\n";
    }
    std::vector<ScriptBundle> bundles;
    for (const auto& name : names) {
        auto file = find_script(paths, name);
        if (!file) return file.error();
        auto bundle = load_bundle(*file, {paths.resources / "scripts"});
        if (!bundle) return bundle.error();
        bundle->parameters = lines;
        bundles.push_back(std::move(*bundle));
    }
    return bundles;
}

Result<void> check_limited_strategies(const Paths& paths, const RiskSettings& risk,
                                      const std::vector<ScriptBundle>& scripts) {
    for (const StrategyLimits& limits : risk.per_strategy) {
        const bool runs = std::any_of(scripts.begin(), scripts.end(),
                                      [&](const ScriptBundle& bundle) { return bundle.name == limits.name; });
        if (runs || find_script(paths, limits.name)) continue;
        return make_error(ErrorCode::config,
                          fmt::format("[strategy.{}]: no strategy of that name runs, nor is there one in {}{}",
                                      limits.name, (paths.resources / "strategies").string(),
                                      nearest_script(paths.resources / "strategies", limits.name + ".lua")));
    }
    return {};
}

Result<StrategyDeclaration> check_script(const ScriptBundle& bundle) {
    NoServices services;
    auto checked = LuaHost().load(ScriptSlot(1), bundle, services);
    if (checked || bundle.parameters.empty()) return checked;
    // A script that loads by itself is sound: then what was given on the command line is not.
    ScriptBundle plain = bundle;
    plain.parameters.clear();
    if (!LuaHost().load(ScriptSlot(1), plain, services)) return checked;
    return make_error(ErrorCode::usage, checked.error().message);
}

}  // namespace tide
