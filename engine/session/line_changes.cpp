#include "session/line_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/lines.hpp"

namespace tide {
namespace {

std::vector<std::string_view> sorted_lines(std::string_view text) {
    auto lines = lines_of(text);
    std::sort(lines.begin(), lines.end());
    return lines;
}

const ScriptSource* find(const std::vector<ScriptSource>& modules, const std::string& name) {
    const auto found =
        std::find_if(modules.begin(), modules.end(), [&](const ScriptSource& module) { return module.name == name; });
    return found == modules.end() ? nullptr : &*found;
}

}  // namespace

// What both have, by merging the sorted lines; the rest was added or removed. Linear but for the sorting, so that two
// texts without a line in common cost no more than equal ones.
LineChanges line_changes(std::string_view before, std::string_view after) {
    const auto old_lines = sorted_lines(before);
    const auto new_lines = sorted_lines(after);
    std::vector<std::string_view> common;
    std::set_intersection(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end(),
                          std::back_inserter(common));
    return {new_lines.size() - common.size(), old_lines.size() - common.size()};
}

std::string describe_changes(const ScriptBundle& before, const ScriptBundle& after) {
    std::string text;
    const auto add = [&text](const std::string& name, std::string_view what) {
        text += fmt::format("{}{}.lua {}", text.empty() ? "" : ", ", name, what);
    };
    const auto compare = [&](const std::string& name, std::string_view old_text, std::string_view new_text) {
        if (old_text == new_text) return;
        const LineChanges changes = line_changes(old_text, new_text);
        add(name, changes.none() ? "lines moved" : fmt::format("+{} -{}", changes.added, changes.removed));
    };
    compare(after.name, before.text, after.text);
    for (const ScriptSource& module : after.modules) {
        const ScriptSource* old = find(before.modules, module.name);
        if (old == nullptr) {
            add(module.name, "new");
        } else {
            compare(module.name, old->text, module.text);
        }
    }
    for (const ScriptSource& module : before.modules) {
        if (find(after.modules, module.name) == nullptr) add(module.name, "gone");
    }
    return text.empty() ? "no line changed" : text;
}

bool same_sources(const ScriptBundle& one, const ScriptBundle& other) {
    const auto same = [](const ScriptSource& a, const ScriptSource& b) { return a.name == b.name && a.text == b.text; };
    return one.name == other.name && one.text == other.text &&
           std::equal(one.modules.begin(), one.modules.end(), other.modules.begin(), other.modules.end(), same);
}

}  // namespace tide
