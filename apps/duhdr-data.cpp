// SPDX-License-Identifier: Apache-2.0
// duhdr-data: makes training pairs and pairs for evaluation, and looks through data sources before training does.
#include "apps/data_check.h"
#include "apps/data_evaluation.h"
#include "apps/data_make.h"
#include "apps/program.h"

int main(int argc, char** argv) {
  CLI::App app("Makes, checks and lists data for training and evaluation.", "duhdr-data");
  app.require_subcommand(1);
  duhdr::MakeOptions make;
  duhdr::EvaluationSetOptions evaluation;
  duhdr::CheckOptions check, list;
  CLI::App* make_command = app.add_subcommand("make", "Pairs of a photograph and an HDR image by the virtual camera");
  CLI::App* evaluation_command =
      app.add_subcommand("evaluation", "A frozen set of pairs that methods are evaluated on");
  CLI::App* check_command = app.add_subcommand("check", "Read every file, name the bad ones, sum up the others");
  CLI::App* list_command = app.add_subcommand("list", "One line a file: size, range, clipped pixels");
  make.add_to(*make_command);
  evaluation.add_to(*evaluation_command);
  check.add_to(*check_command);
  list.add_to(*list_command);
  return duhdr::run_program(app, argc, argv, [&] {
    if (make_command->parsed()) return duhdr::make_pairs(make);
    if (evaluation_command->parsed()) return duhdr::make_evaluation_set(evaluation);
    return check_command->parsed() ? duhdr::check_sources(check) : duhdr::list_sources(list);
  });
}
