# Does tasks for benchmarks/peers/lme4.py and times them inside R. One request a line, fields apart by tabs:
#   load FILE FORMULA   read a table                                         -> "done"
#   run TASK            do the task once                                     -> "seconds" and names with values
suppressPackageStartupMessages(library(lme4))
with_tests <- suppressPackageStartupMessages(
  requireNamespace("lmerTest", quietly = TRUE) && requireNamespace("pbkrtest", quietly = TRUE)
)

named <- function(values, names, what = "") {
  names(values) <- trimws(paste(gsub("[()]", "", names), what))
  values
}
coefficients_of <- function(fit) c(criterion = REMLcrit(fit), named(fixef(fit), names(fixef(fit))))
limits_of <- function(table) {
  keep <- table[!grepl("|", rownames(table), fixed = TRUE), , drop = FALSE]
  c(named(keep[, 1], rownames(keep), "lower"), named(keep[, 2], rownames(keep), "upper"))
}
tests_of <- function(table) {
  c(named(table[, "Std. Error"], rownames(table), "se"), named(table[, "df"], rownames(table), "df"))
}

# Each task: what comes before it untimed, what is timed, and the numbers in its answer.
tasks <- list(
  fit = list(identity, function(x) lmer(formula, data), coefficients_of),
  bootstrap = list(
    function(x) lmer(formula, data),
    function(fit) bootMer(fit, function(f) c(fixef(f), sigma = sigma(f)), nsim = 1000, seed = 1),
    function(boot) named(apply(boot$t, 2, sd), colnames(boot$t), "se")
  ),
  profile = list(
    function(x) lmer(formula, data),
    function(fit) confint(fit, method = "profile", oldNames = FALSE, quiet = TRUE),
    limits_of
  ),
  `kenward-roger` = list(
    function(x) lmerTest::as_lmerModLmerTest(lmer(formula, data)),
    function(fit) coef(summary(fit, ddf = "Kenward-Roger")),
    tests_of
  )
)

run <- function(task) {
  before <- task[[1]](NULL)
  start <- as.numeric(Sys.time())
  found <- task[[2]](before)
  seconds <- as.numeric(Sys.time()) - start
  answer <- c(seconds = seconds, task[[3]](found))
  paste(names(answer), sprintf("%.17g", answer), sep = "\t", collapse = "\t")
}

say <- function(text) { cat("answer\t", text, "\n", sep = ""); flush(stdout()) }
input <- file("stdin", "r")
say(paste(c(as.character(packageVersion("lme4")), if (with_tests) "tests"), collapse = "\t"))
while (length(line <- readLines(input, 1))) {
  request <- strsplit(line, "\t", fixed = TRUE)[[1]]
  if (request[1] == "load") {
    data <- read.csv(request[2])
    gc(FALSE)
    formula <- as.formula(request[3])
    say("done")
  } else {
    say(suppressWarnings(suppressMessages(run(tasks[[request[2]]]))))
  }
}
