#include "core/data/csv_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/core/data/data_files.hpp"

namespace lockstep {
namespace {

using Texts = std::vector<std::string>;

CsvOptions number_target() {
  CsvOptions options;
  options.target_kind = TargetKind::number;
  return options;
}

/// Reads one file with this content.
CsvTable read_text(const std::string& content, const CsvOptions& options = {}) {
  CsvTable result;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    result = read_csv(team, {folder.put("a.csv", content)}, options);
  });
  return result;
}

/// The message about a file a.csv with this content.
std::string error_of(const std::string& content, const CsvOptions& options = {}) {
  std::string message;
  test::on_one_rank([&](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile file = folder.put("a.csv", content);
    message = test::message_in(folder / "", [&] { read_csv(team, {file}, options); });
  });
  return message;
}

std::vector<double> numbers(const CsvTable& result) {
  const auto& values = std::get<Table::NumberValues>(result.table.values);
  return {values.begin(), values.end()};
}

TEST(CsvReader, ReadsNumbersAndClasses) {
  const CsvTable result = read_text("a,b,kind\n1,2.5,x\n-3e2,+4,y\n0,-0.5,x\n");
  const Table& table = result.table;
  EXPECT_EQ(table.rows, (Range{0, 3}));
  EXPECT_EQ(table.total_rows, 3);
  EXPECT_EQ(table.features, 2);
  EXPECT_EQ(numbers(result), (std::vector<double>{1, 2.5, -300, 4, 0, -0.5}));
  EXPECT_EQ(table.target_kind, TargetKind::classes);
  EXPECT_EQ(table.target, (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(schema_of(table), (TableSchema{{"a", "b"}, TargetKind::classes, {"kind"}, {"x", "y"}}));
}

TEST(CsvReader, ReadsATargetThatIsANumber) {
  const CsvTable result = read_text("a,y\n1,2.5\n3,-4\n", number_target());
  EXPECT_EQ(result.table.target, (std::vector<double>{2.5, -4}));
  EXPECT_EQ(result.table.target_kind, TargetKind::number);
  EXPECT_TRUE(result.table.class_names.empty());
}

TEST(CsvReader, ReadsWithoutATarget) {
  CsvOptions options;
  options.target_kind = TargetKind::none;
  const CsvTable result = read_text("a,y\n1,2.5\n3,-4\n", options);
  EXPECT_EQ(numbers(result), (std::vector<double>{1, 2.5, 3, -4}));
  EXPECT_TRUE(result.table.target.empty());
}

TEST(CsvReader, AcceptsEveryUsualKindOfLineEnd) {
  const auto plain = numbers(read_text("a,b,y\n1,2,0\n3,4,1\n"));
  for (const char* content :
       {"a,b,y\r\n1,2,0\r\n3,4,1\r\n", "a,b,y\n1,2,0\n3,4,1",
        "\xEF\xBB\xBF"
        "a,b,y\n1,2,0\n3,4,1\n",
        "a,b,y\n1,2,0\n3,4,1\n\n \n\t\n", "a,b,y\r\n1,2,0\r\n3,4,1\r\n\r\n",
        "\"a\",b,\"y\"\n\"1\",2,\"0\"\n 3 , 4,1\n", "\xEF\xBB\xBF\"a\",b,y\r\n1,2,0\r\n3,4,1"}) {
    const CsvTable result = read_text(content);
    EXPECT_EQ(numbers(result), plain) << content;
    EXPECT_EQ(result.table.feature_names, (Texts{"a", "b"})) << content;
    EXPECT_EQ(result.table.class_names, (Texts{"0", "1"})) << content;
  }
}

TEST(CsvReader, ReadsQuotedClassNames) {
  const CsvTable result = read_text("a,y\n1,\"b, \"\"c\"\"\"\n2, plain text \n");
  EXPECT_EQ(result.table.class_names, (Texts{"b, \"c\"", "plain text"}));
}

TEST(CsvReader, RefusesWhatIsNoNumber) {
  const auto with = [](const std::string& cell) {
    return error_of("id,pH,y\n1,2,0\n1," + cell + ",0\n1,bad,0\n");
  };
  EXPECT_EQ(with("n/a"), "a.csv:3:2: expected a number in column 'pH', found 'n/a'");
  for (const char* cell : {"0x10", "1e999", "nan", "inf", "1 2", "2.5.1"}) {
    EXPECT_EQ(with(cell),
              "a.csv:3:2: expected a number in column 'pH', found '" + std::string(cell) + "'");
  }
  EXPECT_EQ(with("\" 2\""), "a.csv:3:2: expected a number in column 'pH', found ' 2'");
  EXPECT_EQ(error_of("a,y\n1,2\n1,two\n", number_target()),
            "a.csv:3:2: expected a number in column 'y', found 'two'");
}

TEST(CsvReader, RefusesMissingCells) {
  for (const char* cell : {"", "  ", "\"\""}) {
    EXPECT_EQ(error_of("id,pH,y\n1," + std::string(cell) + ",0\n"),
              "a.csv:2:2: missing value in column 'pH'");
    EXPECT_EQ(error_of("id,pH,y\n1,1," + std::string(cell) + "\n"),
              "a.csv:2:3: missing value in column 'y'");
  }
}

TEST(CsvReader, RefusesRaggedRows) {
  EXPECT_EQ(error_of("a,b,y\n1,2,0\n1,2\n"),
            "a.csv:3: expected 3 fields as in the header, found 2");
  EXPECT_EQ(error_of("a,b,y\n1,2,0\n1,2,3,4\n"),
            "a.csv:3: expected 3 fields as in the header, found 4");
  EXPECT_EQ(error_of("a,b,y\n1,2,0\n\n1,2,3\n"), "a.csv:3: blank line between rows");
  EXPECT_EQ(error_of("a,b,y\n\n1,2,0\n"), "a.csv:2: blank line between rows");
}

TEST(CsvReader, PointsAtADelimiterBehindTheHeader) {
  const std::string hint =
      "; the header (a.csv:1) ends with a comma, so its last column has no name";
  EXPECT_EQ(error_of("a,y, \n1,2\n"),
            "a.csv:2: expected 3 fields as in the header, found 2" + hint);
  EXPECT_EQ(error_of("a,y,\n1,2,\n"), "a.csv:2:3: missing value in column 'c2'" + hint);
  EXPECT_EQ(error_of("a,y,\n1,b,\n"),
            "a.csv:2:2: expected a number in column 'y', found 'b'" + hint);
  CsvOptions options;
  options.targets = {"y"};
  EXPECT_EQ(error_of("a,y,\n1,b,\n", options), "a.csv:2:3: missing value in column 'c2'" + hint);
  EXPECT_EQ(error_of("a,y,\nx,b,1\n", options),
            "a.csv:2:1: expected a number in column 'a', found 'x'");
  EXPECT_EQ(error_of("a,,y\n1,,b\n"), "a.csv:2:2: missing value in column 'c1'");
  EXPECT_EQ(error_of("a;y; \n1;2\n"),
            "a.csv:2: expected 3 fields as in the header, found 2; the header (a.csv:1) ends with "
            "a semicolon, so its last column has no name");
  EXPECT_EQ(error_of(",,\n1,2\n"), "a.csv:2: expected 3 fields as in the header, found 2")
      << "no column has a name";

  const auto unnamed_last = [&] { return read_text("a,y,\n1,5,2\n", options).unnamed_last; };
  EXPECT_TRUE(unnamed_last().ends_with("/a.csv:1"));
  options.targets = {};
  EXPECT_TRUE(unnamed_last().ends_with("/a.csv:1"));
  options.targets = {"c2"};
  EXPECT_EQ(unnamed_last(), "") << "asked for";
  options.targets = {"y"};
  options.ignored = {"c2"};
  EXPECT_EQ(unnamed_last(), "") << "left out";
}

TEST(CsvReader, ReadsNewlinesInsideQuotes) {
  const CsvTable result = read_text("\"first\nname\",y\n1,\"b\n\nc\"\r\n\"2\",\"\r\n\"\n3,d\n");
  EXPECT_EQ(result.table.feature_names, (Texts{"first\nname"}));
  EXPECT_EQ(numbers(result), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(result.table.class_names, (Texts{"\r\n", "b\n\nc", "d"}));
}

// Lines are those of the file, whatever rows span.
TEST(CsvReader, CountsTheLinesThatQuotesHold) {
  EXPECT_EQ(error_of("\"a\nb\",\"c\n\",y\n1,2,\"p\nq\"\n3,bad,\"r\ns\"\n"),
            "a.csv:6:2: expected a number in column 'c\\x0a', found 'bad'");
  EXPECT_EQ(error_of("a,b,y\n\"1\",2,\"p\nq\"\n3,4,\"r\ns\",\"t\"\n"),
            "a.csv:4: expected 3 fields as in the header, found 4");
  // The field stands on the second line of its row.
  CsvOptions options = number_target();
  options.ignored = {"a"};
  EXPECT_EQ(error_of("a,b,y\n\"p\nq\",2,bad\n", options),
            "a.csv:3:3: expected a number in column 'y', found 'bad'");
}

TEST(CsvReader, FindsTheDelimiter) {
  const auto plain = numbers(read_text("a,b,y\n1,2,x\n3,4,z\n"));
  for (const char delimiter : kCsvDelimiters) {
    std::string content = "a,b,y\n1,2,x\n3,4,z\n";
    std::replace(content.begin(), content.end(), ',', delimiter);
    const CsvTable result = read_text(content);
    EXPECT_EQ(numbers(result), plain) << delimiter;
    EXPECT_EQ(result.table.class_names, (Texts{"x", "z"})) << delimiter;
    EXPECT_EQ(result.dialect, (CsvDialect{delimiter, true})) << delimiter;
  }
  CsvOptions options;
  options.delimiter = ',';
  EXPECT_EQ(error_of("a;b;y\n1;2;x\n", options),
            "a.csv:1: expected feature columns beside the target, found 'a;b;y'; set "
            "data.delimiter");
  EXPECT_EQ(error_of("a;y\n\"1\" 2;x\n"),
            "a.csv:2:1: expected a semicolon after the closing quote in column 'a', found '2;x'");
}

TEST(CsvReader, ReadsFilesWithoutAHeader) {
  const CsvTable result = read_text("1,2,x\n3,4,y\n");
  EXPECT_EQ(numbers(result), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(result.table.feature_names, (Texts{"c0", "c1"}));
  EXPECT_EQ(result.table.target_name(), "c2");
  EXPECT_FALSE(result.dialect.has_header);

  EXPECT_EQ(error_of("1,2,x\n3,4\n"), "a.csv:2: expected 3 fields as in the first row, found 2");
  CsvOptions options;
  options.header = CsvHeader::yes;
  EXPECT_EQ(numbers(read_text("1,2,x\n3,4,y\n", options)), (std::vector<double>{3, 4}));
  options.header = CsvHeader::no;
  EXPECT_EQ(error_of("a,b,y\n3,4,y\n", options),
            "a.csv:1:1: expected a number in column 'c0', found 'a'");
}

TEST(CsvReader, LooksForTheNamesOfASchemaInTheFirstRow) {
  CsvOptions options;
  options.schema = schema_of(read_text("2020,2021,y\n1,2,x\n3,4,z\n",
                                       [] {
                                         CsvOptions with_header;
                                         with_header.header = CsvHeader::yes;
                                         return with_header;
                                       }())
                                 .table);
  EXPECT_EQ(numbers(read_text("2021,2020,y\n5,6,x\n7,8,z\n", options)),
            (std::vector<double>{6, 5, 8, 7}));
  options.schema = schema_of(read_text("1,2,x\n3,4,z\n").table);
  EXPECT_EQ(numbers(read_text("5,6,x\n", options)), (std::vector<double>{5, 6}));
}

TEST(CsvReader, RefusesBadQuotes) {
  EXPECT_EQ(error_of("a,b,y\n1,2,\"x\n3,4,y\n5,6,z\n"),
            "a.csv:2:3: expected a closing quote in column 'y', found '\"x'");
  // The quote that opens last is the one to look at, on its own line.
  EXPECT_EQ(error_of("a,b,y\n1,2,\"x\ny\"\n\"3\",4,\"p\nq\",\"\n5,6,z\n"),
            "a.csv:5:4: expected a closing quote, found '\"'");
  EXPECT_EQ(error_of("a,b,y\n1,2,\"x\ny\"\n1,5\",x\n1,2,z\n"),
            "a.csv:4:2: expected no quote inside an unquoted field (quote the whole field and "
            "double its quotes) in column 'b', found '5\"'");
  EXPECT_EQ(error_of("a,\"b,y\n1,2,3\n"), "a.csv:1: expected a closing quote, found 'a,\"b,y'");
  EXPECT_EQ(error_of("a,b,y\n1,2\"3,x\n"),
            "a.csv:2:2: expected no quote inside an unquoted field (quote the whole field and "
            "double its quotes) in column 'b', found '2\"3'");
  EXPECT_EQ(error_of("a,b,y\n1,2,\"x\"y\n"),
            "a.csv:2:3: expected a comma after the closing quote in column 'y', found 'y'");
  EXPECT_EQ(error_of("a,y\n1,2,\"x\"y\n"),
            "a.csv:2:3: expected a comma after the closing quote, found 'y'");
}

TEST(CsvReader, RefusesFilesWithoutHeaderOrRows) {
  EXPECT_EQ(error_of("a,b,y\n"), "a.csv: no rows after the header");
  EXPECT_EQ(error_of("a,b,y"), "a.csv: no rows after the header");
  EXPECT_EQ(error_of("a,b,y\n\n\n"), "a.csv: no rows after the header");
  EXPECT_EQ(error_of("\n1,2,3\n"),
            "a.csv:1: expected the names of the columns or a row, found a blank line");
  EXPECT_EQ(error_of("a,a\n1,2\n"), "a.csv:1:2: duplicate column name 'a', first at column 1");
}

TEST(CsvReader, RefusesATargetWithTooManyClasses) {
  std::string content = "a,y\n";
  for (int i = 0; i <= 65536; ++i) content += "1," + std::to_string(i) + "\n";
  EXPECT_EQ(error_of(content),
            "a.csv: more than 65536 different labels in column 'y'; is it a number to be predicted "
            "(model.type = linear) rather than a class?");
}

TEST(CsvReader, RefusesAnEndlessLine) {
  std::string content = "a,y\n1,2\n3,";
  content.append(std::size_t{68} << 20U, '4');
  EXPECT_EQ(error_of(content), "a.csv:3: a row is longer than 64 MiB");
}

TEST(CsvReader, ReadsASecondSetByTheSchemaOfTheFirst) {
  const Table train = read_text("a,b,kind\n1,2,1\n3,4,2.0\n").table;
  CsvOptions options;
  options.schema = schema_of(train);
  const CsvTable test = read_text("kind,b,more,a\n+2,5,x,6\n1.0,7,,8\n", options);
  EXPECT_EQ(numbers(test), (std::vector<double>{6, 5, 8, 7}));
  EXPECT_EQ(test.table.target, (std::vector<double>{1, 0}));
  EXPECT_EQ(schema_of(test.table), schema_of(train));
  EXPECT_EQ(test.extra_columns, (Texts{"more"}));

  EXPECT_EQ(error_of("a,b,kind\n1,2,1\n1,2,3\n", options),
            "a.csv:3:3: class '3' in column 'kind' does not occur in the training data");
  EXPECT_EQ(error_of("a,kind\n1,2\n", options), "a.csv:1: the feature column 'b' is missing");

  options.target_kind = TargetKind::none;
  const CsvTable unlabelled = read_text("b,kind,a\n5,,6\n", options);
  EXPECT_EQ(numbers(unlabelled), (std::vector<double>{6, 5}));
  EXPECT_EQ(unlabelled.table.target_kind, TargetKind::none);
  EXPECT_TRUE(unlabelled.extra_columns.empty());
}

TEST(CsvReader, SeveralFilesAreOneTable) {
  test::on_one_rank([](Team& team) {
    test::TeamDirectory folder(team);
    const InputFile a = folder.put("a.csv", "x,y\n1,b\n2,a\n");
    const InputFile b = folder.put("b.csv", "x,\"y\"\r\n3,c\r\n");
    const CsvTable result = read_csv(team, {a, b}, {});
    EXPECT_EQ(numbers(result), (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(result.table.target, (std::vector<double>{1, 0, 2}));
  });
}

TEST(CsvReader, SeveralFilesNeedOneHeader) {
  const auto message = [](const std::string& first, const std::string& second) {
    std::string text;
    test::on_one_rank([&](Team& team) {
      test::TeamDirectory folder(team);
      const InputFile a = folder.put("a.csv", first);
      const InputFile b = folder.put("b.csv", second);
      text = test::message_in(folder / "", [&] { read_csv(team, {a, b}, {}); });
    });
    return text;
  };
  EXPECT_EQ(message("x,y,z\n1,2,3\n", "x,yy,z\n1,2,3\n"),
            "b.csv:1:2: expected column 'y' as in a.csv, found column 'yy'");
  EXPECT_EQ(message("x,y,z\n1,2,3\n", "x,y\n1,2\n"),
            "b.csv:1:3: expected column 'z' as in a.csv, found the end of the line");
  EXPECT_EQ(message("x,y\n1,2\n", "x,y,z\n1,2,3\n"),
            "b.csv:1:3: expected the end of the line as in a.csv, found column 'z'");
  EXPECT_EQ(message("x,y\n1,2\n", "x,y\n"), "b.csv: no rows after the header");
  EXPECT_EQ(message("x,y\n1,2\n", "x,y\n1,2\nbad,3\n"),
            "b.csv:3:1: expected a number in column 'x', found 'bad'");
}

}  // namespace
}  // namespace lockstep
