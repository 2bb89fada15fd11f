# Makes emmeans.json: marginal means, contrasts and slopes. Run in a folder that holds data/factors.csv (from
# make_terms.R). The slopes of emmeans are one-sided differences. Covariates of two values would be kept as factors by emmeans: there are none here.
suppressPackageStartupMessages({library(lme4); library(lmerTest); library(pbkrtest); library(emmeans); library(jsonlite)})
D <- read.csv("data/factors.csv", stringsAsFactors = TRUE)
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 2e-4, rhoend = 1e-9, maxfun = 2e5))
emm_options(lmer.df = "satterthwaite")
fit <- function(formula) lmerTest::lmer(as.formula(formula), D, control = tight)
frame <- function(e, ...) { a <- as.data.frame(summary(e, infer = TRUE, ...)); keys <- setdiff(names(a), c("SE", "df", "lower.CL", "upper.CL", "t.ratio", "p.value"))
  value <- keys[keys %in% c("emmean", "estimate") | grepl("\\.trend$", keys)]; labels <- setdiff(keys, value)
  list(labels = if (length(labels)) do.call(paste, c(lapply(a[labels], as.character), sep = "|")) else "overall",
    estimate = a[[value]], se = a$SE, df = a$df, t = a$t.ratio, p = a$p.value, lower = a$lower.CL, upper = a$upper.CL) }
interaction <- "y ~ f * h + x + (1 | g)"; lines <- "y ~ f * x + h + (1 | g)"; curve <- "y ~ f * (x + I(x^2)) + (1 | g)"; steep <- "y ~ log(x + 5) + f + (1 | g)"
m <- fit(interaction); l <- fit(lines); q <- fit(curve); s <- fit(steep)
cases <- list(
  means_f = frame(emmeans(m, ~ f)), means_fh = frame(emmeans(m, ~ h + f)), means_at = frame(emmeans(m, ~ f, at = list(x = 1, h = c("P", "R")))),
  means_proportional = frame(emmeans(m, ~ f, weights = "proportional")), means_overall = frame(emmeans(m, ~ 1)),
  means_kr = frame(emmeans(m, ~ f, lmer.df = "kenward-roger")),
  means_x = frame(emmeans(s, ~ x, at = list(x = c(1, 2, 3)))),
  pairwise = frame(pairs(emmeans(m, ~ f), adjust = "none")), tukey = frame(pairs(emmeans(m, ~ f), adjust = "tukey")),
  holm_by = frame(pairs(emmeans(m, ~ f, by = "h"), adjust = "holm")), tukey_by = frame(pairs(emmeans(m, ~ f, by = "h"), adjust = "tukey")),
  reference = frame(contrast(emmeans(m, ~ f), "trt.vs.ctrl", adjust = "none")), sequential = frame(contrast(emmeans(m, ~ f), "consec", adjust = "none")),
  slopes_f = frame(emtrends(l, ~ f, "x")), slopes_pairs = frame(pairs(emtrends(l, ~ f, "x"), adjust = "none")), slope = frame(emtrends(l, ~ 1, "x")),
  slopes_curve = frame(emtrends(q, ~ x, "x", at = list(x = c(1, 2, 3)), delta.var = 1e-5)),
  slopes_log = frame(emtrends(s, ~ x, "x", at = list(x = c(1, 2, 3)), delta.var = 1e-5)))
version <- function(p) as.character(packageVersion(p))
out <- list(formulas = list(interaction = interaction, lines = lines, curve = curve, steep = steep), cases = cases,
  versions = list(R = R.version.string, lme4 = version("lme4"), lmerTest = version("lmerTest"),
    pbkrtest = version("pbkrtest"), emmeans = version("emmeans")), tolerance = list(relative = 1e-5, of_df = 1e-4, of_slopes = 1e-4))
write(toJSON(out, digits = 13, auto_unbox = TRUE, pretty = TRUE), "emmeans.json")
