# Makes rstanarm.json from data/, in a folder beside it: default priors of three tables, posterior of two.
suppressPackageStartupMessages({library(rstanarm); library(jsonlite)})
read <- function(name, factors) {
  d <- read.csv(file.path("..", "data", paste0(name, ".csv")))
  for (f in factors) d[[f]] <- factor(d[[f]])
  d
}
numbers <- function(fit) {
  p <- prior_summary(fit)
  list(intercept = p$prior_intercept[c("location", "adjusted_scale")], coefficients = p$prior[c("location", "adjusted_scale")],
       aux = p$prior_aux[c("dist", "adjusted_scale")], covariance = p$prior_covariance)
}
posterior <- function(fit) {
  s <- as.data.frame(summary(fit, probs = c(.025, .5, .975), digits = 10))
  s$name <- rownames(s)
  s[!grepl("^b\\[|mean_PPD|log-posterior", s$name), ]
}
sleep <- read("sleepstudy", "Subject"); dye <- read("Dyestuff", "Batch"); ergo <- read("ergoStool", c("Type", "Subject"))
few <- function(formula, data) suppressWarnings(stan_lmer(formula, data, chains = 1, iter = 20, refresh = 0, seed = 1))
long <- function(formula, data) stan_lmer(formula, data, chains = 4, cores = 2, iter = 11000, warmup = 1000, refresh = 0, seed = 1, adapt_delta = .99)
a <- long(Reaction ~ Days + (Days | Subject), sleep)
b <- long(Yield ~ 1 + (1 | Batch), dye)
write_json(list(
  made_by = list(R = R.version.string, rstanarm = as.character(packageVersion("rstanarm"))),
  priors = list(sleepstudy = numbers(a), Dyestuff = numbers(b), ergoStool = numbers(few(effort ~ Type + (1 | Subject), ergo))),
  posterior = list(sleepstudy = posterior(a), Dyestuff = posterior(b))
), "rstanarm.json", digits = 12, auto_unbox = TRUE, pretty = TRUE)
