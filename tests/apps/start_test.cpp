// SPDX-License-Identifier: Apache-2.0
// How a program starts: with short spins at barriers unless the user has chosen, and with all that it was given.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/cli_run.h"

namespace duhdr::cli {
namespace {

class Start : public testing::Test {
 protected:
  /// `environment` is added to one without wishes; libgomp tells its settings each time it is loaded.
  Outcome run(const std::vector<std::string>& arguments, std::map<std::string, std::string> environment = {}) {
    environment.merge(std::map<std::string, std::string>{
        {"OMP_DISPLAY_ENV", "verbose"}, {"OMP_WAIT_POLICY", ""}, {"GOMP_SPINCOUNT", ""}});
    return run_program_file("duhdr-infer", arguments, {.folder = folder_.path(), .environment = environment});
  }
  /// The values of a setting of libgomp, one for each time it was loaded.
  static std::vector<std::string> settings(const Outcome& outcome, const std::string& name) {
    std::vector<std::string> values;
    for (const std::string& line : lines_of(outcome.err))
      if (const std::size_t at = line.find(name + " = '"); at != std::string::npos) {
        const std::size_t begin = at + name.size() + 4;
        values.push_back(line.substr(begin, line.find('\'', begin) - begin));
      }
    return values;
  }

  Scratch folder_{"start"};
};

TEST_F(Start, SpinsAreShortUnlessTheUserHasChosen) {
  const std::vector<std::string> spins = settings(run({"--version"}), "GOMP_SPINCOUNT");
  ASSERT_EQ(spins.size(), 2u) << "the program starts itself again, once";
  EXPECT_EQ(spins[1], "2000");
  EXPECT_EQ(settings(run({"--version"}, {{"GOMP_SPINCOUNT", "77"}}), "GOMP_SPINCOUNT"), std::vector<std::string>{"77"});
  EXPECT_EQ(settings(run({"--version"}, {{"OMP_WAIT_POLICY", "active"}}), "OMP_WAIT_POLICY"),
            std::vector<std::string>{"ACTIVE"});
}

TEST_F(Start, ArgumentsOutputAndExitCodesAreKept) {
  const Outcome version = run({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, "duhdr " DUHDR_VERSION "\n");
  const Outcome odd = run({"-i", "a b\n\"c\"", "", "-o", "x.exr", "-m", "no model"});
  EXPECT_EQ(odd.code, static_cast<int>(ExitCode::io)) << odd.err;
  EXPECT_NE(odd.err.find("error: a b\\x0a\"c\": no such file or folder\n"), std::string::npos) << odd.err;
  EXPECT_EQ(run({"--no-such-option"}).code, static_cast<int>(ExitCode::usage));
}

}  // namespace
}  // namespace duhdr::cli
