# Makes terms.json and data/factors.csv: type III tests, contrasts, R2, AIC and BIC. Run in a folder that holds
# data/sleepstudy_unbalanced.csv (from make_lme4.R).
suppressPackageStartupMessages({library(lme4); library(lmerTest); library(pbkrtest); library(performance); library(jsonlite)})
RNGkind("Mersenne-Twister", "Inversion", "Rejection"); set.seed(20261123)
J <- 18; g <- rep(1:J, sample(4:9, J, TRUE)); N <- length(g)
f <- sample(c("A", "B", "C"), N, TRUE, prob = c(.5, .3, .2))
between <- sample(c("A", "B", "C"), J, TRUE)[g]; f <- ifelse(runif(N) < .6, between, f)   # mostly between groups
h <- sample(c("P", "Q", "R"), N, TRUE, prob = c(.5, .3, .2)); x <- round(rnorm(N, 2, 1), 3); t <- sample(0:5, N, TRUE)
y <- round(10 + 2 * (f == "B") + (h == "Q") + .5 * x + (f == "C") * x + rnorm(J, 0, 3)[g] + rnorm(J)[g] * x + rnorm(N, 0, 2), 3)
e <- rnorm(N); y0 <- round(10 + (f == "B") + e - ave(e, g) + .05 * rnorm(N), 3)            # groups differ too little: singular
D <- data.frame(y, y0, f, h, x, t, g = paste0("g", g)); write.csv(D, "data/factors.csv", row.names = FALSE)
D <- read.csv("data/factors.csv", stringsAsFactors = TRUE)
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 2e-4, rhoend = 1e-9, maxfun = 2e5), check.conv.singular = "ignore")
formulas <- c("y ~ f * h + (1 | g)", "y ~ f * h + x + (x | g)", "y ~ f * x + (1 | g)", "y ~ f + f:x + (1 | g)",
  "y ~ f + h + x + (x || g)", "y ~ f + (1 | g)", "y ~ 0 + f + (1 | g)", "y ~ f * h * x + (1 | g)",
  "y ~ poly(x, 2) * f + (1 | g)", "y ~ x * t + (1 | g)", "y ~ f + f:h + (1 | g)", "y0 ~ f * h + (1 | g)")
codings <- c("contr.treatment", "contr.sum", "contr.helmert", "contr.SAS")
table_of <- function(m, ddf) { a <- as.data.frame(anova(m, type = "III", ddf = ddf)); a$term <- rownames(a); rownames(a) <- NULL
  names(a) <- c("sum_sq", "mean_sq", "num_df", "den_df", "F", "p", "term"); a[c("term", "num_df", "den_df", "F", "p")] }
anova_of <- function(formula, coding) { options(contrasts = c(coding, "contr.poly"))
  m <- lmerTest::lmer(as.formula(formula), D, control = tight)
  r <- list(formula = formula, contrasts = coding, singular = isSingular(m), satterthwaite = table_of(m, "Satterthwaite"))
  if (!isSingular(m)) r$kr <- table_of(m, "Kenward-Roger"); r }
anovas <- list(); for (formula in formulas) for (coding in codings) anovas[[length(anovas) + 1]] <- anova_of(formula, coding)

# Contrasts, in the order of treatment coding: Intercept, f[B], f[C], h[Q], h[R].
options(contrasts = c("contr.treatment", "contr.poly"))
m <- lmerTest::lmer(y ~ f + h + (1 | g), D, control = tight)
L <- rbind(c(0, 1, -1, 0, 0), c(1, 1, 0, .5, .5), c(0, 0, 0, 2, -1)); rhs <- c(0, 10, .5)
redundant <- rbind(L, L[1, ] - 2 * L[3, ]); redundant_rhs <- c(rhs, rhs[1] - 2 * rhs[3])
one <- function(ddf) { a <- do.call(rbind, lapply(1:3, function(i) as.data.frame(lmerTest::contest(m, L[i, ], rhs = rhs[i], joint = FALSE, ddf = ddf, confint = TRUE)))); names(a) <- c("estimate", "se", "df", "t", "lower", "upper", "p"); a }
many <- function(L, rhs, ddf) { a <- as.data.frame(suppressWarnings(lmerTest::contest(m, L, rhs = rhs, joint = TRUE, ddf = ddf))); names(a) <- c("sum_sq", "mean_sq", "num_df", "den_df", "F", "p"); a[c("num_df", "den_df", "F", "p")] }
contrasts <- list(formula = "y ~ f + h + (1 | g)", L = L, rhs = rhs, single = list(satterthwaite = one("Satterthwaite"), kr = one("Kenward-Roger")),
  joint = list(satterthwaite = many(L, rhs, "Satterthwaite"), kr = many(L, rhs, "Kenward-Roger")),
  zero = list(satterthwaite = many(L, rhs * 0, "Satterthwaite"), kr = many(L, rhs * 0, "Kenward-Roger")),
  redundant = list(L = redundant, rhs = redundant_rhs, satterthwaite = many(redundant, redundant_rhs, "Satterthwaite")))

r2_of <- function(formula, data, name) { m <- lme4::lmer(as.formula(formula), data, control = tight); r <- performance::r2_nakagawa(m)
  list(formula = formula, data = name, marginal = unname(r$R2_marginal), conditional = unname(r$R2_conditional)) }
data(sleepstudy, Dyestuff, Dyestuff2, package = "lme4"); S <- sleepstudy; U <- read.csv("data/sleepstudy_unbalanced.csv")
r2 <- list(r2_of("Reaction ~ Days + (Days | Subject)", S, "sleepstudy"), r2_of("Reaction ~ Days + (1 | Subject)", S, "sleepstudy"),
  r2_of("Reaction ~ Days + (Days | Subject)", U, "sleepstudy_unbalanced"), r2_of("y ~ f * h + x + (x | g)", D, "factors"), r2_of("y ~ f * x + (1 | g)", D, "factors"))
ic <- list(); for (a in list(list("sleepstudy_slope", Reaction ~ Days + (Days | Subject), S), list("sleepstudy_uncorrelated", Reaction ~ Days + (Days || Subject), S),
  list("sleepstudy_intercept", Reaction ~ Days + (1 | Subject), S), list("sleepstudy_unbalanced_slope", Reaction ~ Days + (Days | Subject), U),
  list("dyestuff", Yield ~ 1 + (1 | Batch), Dyestuff), list("dyestuff2", Yield ~ 1 + (1 | Batch), Dyestuff2),
  list("ergostool", effort ~ Type + (1 | Subject), as.data.frame(nlme::ergoStool)))) for (method in c("REML", "ML")) {
  m <- lme4::lmer(a[[2]], a[[3]], REML = method == "REML", control = tight)
  ic[[length(ic) + 1]] <- list(name = a[[1]], method = method, aic = AIC(m), bic = BIC(m)) }
v <- function(p) as.character(packageVersion(p))
write_json(list(anova = anovas, contrasts = contrasts, r2 = r2, information = ic, versions = list(R = R.version.string, lme4 = v("lme4"), lmerTest = v("lmerTest"), pbkrtest = v("pbkrtest"), performance = v("performance"))),
  "terms.json", digits = 12, auto_unbox = TRUE, pretty = TRUE, na = "null")
